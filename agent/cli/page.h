/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What --help, the man page and completion say about a verb, whether it is the host's or a
 * plugin's. Everything is borrowed.
 */
#pragma once

#include <stddef.h>

#include "config/option.h"

struct page {
	const char *verb, *summary;
	const char *arguments, *description; /* may be NULL */
	struct option_table options;
};

struct page_list {
	struct page *pages;
	size_t n;
};

/* "N", "TIME", "FILE": what stands for an option's value; NULL for a flag. */
const char *page_placeholder(const struct hearth_option *row);
/* "(integer, 1 to 100000 Hz; default 997)" behind the help text, or nothing. */
struct buf;
int page_option_note(const struct hearth_option *row, struct buf *out);
/* "[OPTION…] [-- COMMAND…]" */
int page_usage(const struct page *p, struct buf *out);
