/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of a table: how wide each is, and what stands in it. [instance thread] */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "ranking.h"

struct columns {
	uint32_t width[N_SORT_KEYS]; /* in characters; of sort keys only */
	uint32_t samples_width;      /* 0: no such column */
	bool is_cut;                 /* names give way to the terminal */
};

/* terminal: characters of a line; 0: as wide as the longest name. */
void columns_measure(struct columns *c, const struct recording *r, const struct ranking *k,
		     uint32_t terminal);
void columns_put_head(const struct columns *c, const struct recording *r, FILE *out);
void columns_put_row(const struct columns *c, const struct recording *r, const struct event *e,
		     const struct ranked *row, FILE *out);

/* The symbol of a function: "[k] vfs_read", "[.] inflate (inlined)"; room as printed_put() has it. */
void columns_put_symbol(const struct recording *r, uint32_t function, uint32_t room, FILE *out);
