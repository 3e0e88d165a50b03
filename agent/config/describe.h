/* SPDX-License-Identifier: Apache-2.0 */
/* What an option takes, in words. */
#pragma once

#include <stdbool.h>

#include <hearth/plugin.h>

struct buf;

/* "integer, 1 to 100000 Hz", for help, docs and messages. Appends. */
int option_describe(const struct hearth_option *row, struct buf *out);
/* What "must be" needs in front of that: "an ", "one of ". */
const char *option_article(const struct hearth_option *row);
/* `"250ms", "10s" or "1h30m"`; NULL: there is nothing to explain. */
const char *option_example(const struct hearth_option *row);

/* A number with a range. A max below its min means that there is no max. */
bool option_is_bounded(const struct hearth_option *row);
