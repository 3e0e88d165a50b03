/* SPDX-License-Identifier: Apache-2.0 */
/* Manual pages (man(7) macros), from the same tables as --help. */
#pragma once

#include <stdint.h>

#include "cli/page.h"

struct buf;

/* hearth-VERB(1). date_s: seconds since 1970, of the release or of SOURCE_DATE_EPOCH. */
int man_verb(const struct page *p, const struct option_table *common, int64_t date_s,
	     struct buf *out);
/* hearth(1): all verbs, the environment, files and exit statuses. */
int man_overview(const struct page_list *list, int64_t date_s, struct buf *out);
