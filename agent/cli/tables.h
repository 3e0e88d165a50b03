/* SPDX-License-Identifier: Apache-2.0 */
/* The option tables as Markdown, for docs/configuration.md and docs/exit-codes.md. */
#pragma once

#include "plugin/loader.h"

struct buf;

/* what: "host", "instance", "plugins", "verbs" or "exits". -ENOENT: none of these. */
int tables_write(const char *what, struct registry *plugins, struct buf *out);
