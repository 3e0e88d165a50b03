/* SPDX-License-Identifier: Apache-2.0 */
/* hearth_host.once: process-global library state is set up once, whichever instance comes first. */
#pragma once

#include <stdint.h>

/* What fn answered the first time the name was seen; -ENOMEM. [any thread] */
int32_t once_run(const char *name, int32_t (*fn)(void));
