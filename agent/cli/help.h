/* SPDX-License-Identifier: Apache-2.0 */
/* --help as text, from the same tables that the command line is parsed by. */
#pragma once

#include "cli/page.h"

struct buf;

/* Columns of the terminal behind fd, at most 100; 80 if it is none. */
unsigned int help_width(int fd);

/* One verb; `common` are the options that every verb has. */
int help_verb(const struct page *p, const struct option_table *common, unsigned int width,
	      struct buf *out);
/* All verbs, and the exit statuses. */
int help_overview(const struct page_list *list, unsigned int width, struct buf *out);
