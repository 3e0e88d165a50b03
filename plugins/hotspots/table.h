/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of one event's samples each row has. A row is what the sort keys tell apart: a function
 * of a program, say. Names are interned once for all events. One owner thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <hearth/flat_builder.h>

#include "common/cleanup.h"

/* samples: how many; period: what they stand for, as time or events. */
struct weight {
	uint64_t samples, period;
};

/* self: samples that were taken in it; total: samples with it anywhere on the stack, each once. */
struct row_weight {
	struct weight self, total;
};

/* Whose samples; a part that is not among the sort keys is 0. */
struct context {
	uint32_t comm; /* names_text() */
	uint32_t pid, tid, cpu;
};

/* What ran; a part that is not among the sort keys is 0. */
struct function {
	uint32_t dso, symbol; /* names_text() */
	uint32_t is_kernel, is_inlined;
};

/* What rows are made of, shared by the tables of all events. */
struct names {
	struct hearth_flat_builder keys; /* never becomes a batch */
};

void names_done(struct names *n);
uint32_t names_intern(struct names *n, const char *text); /* "" is 0 */
uint32_t names_context(struct names *n, const struct context *c);
uint32_t names_function(struct names *n, const struct function *f);
const char *names_text(const struct names *n, uint32_t i);
struct context names_context_at(const struct names *n, uint32_t i);
struct function names_function_at(const struct names *n, uint32_t i);
size_t names_bytes(const struct names *n); /* memory in use */
int names_error(const struct names *n);    /* 0 or -ENOMEM: what is in it is not to be trusted */

struct row {
	uint32_t context, function;
};

/* Zero it before use. Rows are 1 to table_n() - 1. */
struct table {
	struct hearth_flat_builder keys;
	struct row_weight *weights; /* by row */
	uint64_t capacity;
};

void table_done(struct table *t);
/* The row of a context and a function, made if need be; 0: out of memory. */
uint32_t table_row(struct table *t, uint32_t context, uint32_t function);
struct row table_at(const struct table *t, uint32_t row);
uint32_t table_n(const struct table *t);
size_t table_bytes(const struct table *t);

static inline void weight_add(struct weight *a, struct weight b)
{
	a->samples += b.samples;
	a->period += b.period;
}

/* Memory that a builder uses. */
size_t builder_bytes(const struct hearth_flat_builder *b);

/* Grows a vector of `unit` bytes an element to hold `index`, what is new being zeros. 0 or -ENOMEM. */
int vector_reserve(void **vector, uint64_t *capacity, size_t unit, uint64_t index);
