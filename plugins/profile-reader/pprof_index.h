/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile.proto as it lies in memory, with the messages that others refer to found by their ids.
 * Nothing is decoded before it is needed, and every reference may lead nowhere.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/protobuf.h"

/* An id and where its message is. */
struct pprof_row {
	uint64_t id;
	uint32_t offset, len;
};

struct pprof_table {
	struct pprof_row *rows; /* sorted by id */
	size_t n, capacity;
};

enum { PPROF_MAX_ROWS = 1 << 24 };

struct pprof_index {
	const uint8_t *bytes; /* borrowed */
	size_t len;
	size_t readable;      /* bytes that are a message; less than len: damaged there */
	struct pprof_table strings, mappings, locations, functions, comments; /* strings by number */
	uint64_t n_samples, n_types;
	uint64_t time_nanos, duration_nanos, period, default_type;
	struct protobuf_reader period_type;
};

/* 0, -ENOMEM, or -E2BIG: there is more than PPROF_MAX_ROWS of something. */
int pprof_index_make(struct pprof_index *x, const uint8_t *bytes, size_t len);
void pprof_index_done(struct pprof_index *x);

/* The row of an id as its place in the table, or -1. */
int64_t pprof_find(const struct pprof_table *t, uint64_t id);
struct protobuf_reader pprof_message(const struct pprof_index *x, const struct pprof_row *row);

/* A string by its number; empty if there is none. Not NUL-terminated. */
const char *pprof_string(const struct pprof_index *x, uint64_t number, size_t *ret_len);

/* The last number of a field in a message, as the format has it; 0: it is not there. */
uint64_t pprof_number(struct protobuf_reader message, uint32_t field);

/*
 * The next number of a repeated field, packed or not: `message` walks, `list` is the packed list that
 * it is in (zero both ends before the first call). 1, or 0 at the end.
 */
int pprof_next_number(struct protobuf_reader *message, struct protobuf_reader *list, uint32_t field,
		      uint64_t *ret);
