/* SPDX-License-Identifier: Apache-2.0 */
/* A bash completion script that needs nothing but bash. */
#pragma once

#include "cli/page.h"

struct buf;

int completion_bash(const struct page_list *list, const struct option_table *common,
		    struct buf *out);
