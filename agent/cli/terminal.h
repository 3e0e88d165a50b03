/* SPDX-License-Identifier: Apache-2.0 */
/* What may be written to a stream besides plain text; every verb asks here. */
#pragma once

#include <stdbool.h>

/* Whether a line can be drawn anew: a terminal, and TERM names one that is not "dumb". */
bool terminal_has_cursor(int fd);

/* The same, unless NO_COLOR has a value that is not empty (https://no-color.org). */
bool terminal_has_colour(int fd);
