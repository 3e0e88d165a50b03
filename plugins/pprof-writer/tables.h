/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profile.proto is made of, each row once: the SDK's builder interns them, and a row refers
 * to others by their index; 0: none. Memory goes with what is distinct, not with what was sampled.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hearth/flat_builder.h>

enum {
	TABLE_MAPPINGS = 2,
	TABLE_FUNCTIONS,
	TABLE_LINES,
	TABLE_LOCATIONS,
	TABLE_NODES,
	TABLE_OWNERS,
	TABLE_SAMPLES,
	TABLE_WEIGHTS, /* parallel to SAMPLES */
	TABLE_LOSSES,
	TABLE_LOST, /* parallel to LOSSES: uint64_t */
	N_TABLES,
};

struct table_mapping {
	uint64_t start, limit, file_offset;
	uint32_t filename, build_id; /* strings; the build id in hex */
};

struct table_function {
	uint32_t name, system_name, file, start_line;
};

/* A list, innermost first: `next` is the line that this one was inlined into. */
struct table_line {
	uint32_t function, line, column, next;
};

struct table_location {
	uint64_t address;
	uint32_t mapping, lines;
};

/* A stack is the node of its leaf; node 0 is above all roots. */
struct table_node {
	uint32_t parent, location;
};

/* Whose a sample is, as far as labels are wanted. */
struct table_owner {
	uint64_t time_ns; /* CLOCK_REALTIME */
	uint32_t pid, tid;
	uint32_t comm, thread_comm, container; /* strings */
	uint32_t cpu; /* + 1 */
};

struct table_sample {
	uint32_t node, owner, event, reserved;
};

struct table_weight {
	uint64_t value, period;
};

struct table_loss {
	uint32_t kind, cause;
};

/* Adds to the sample with this content. An error stays in the builder. */
void tables_add(struct hearth_flat_builder *b, const struct table_sample *sample,
		const struct table_weight *weight);
void tables_add_loss(struct hearth_flat_builder *b, const struct table_loss *loss, uint64_t count);

uint32_t tables_count(const struct hearth_flat_builder *b, uint32_t table); /* row 0 included */
void tables_row(const struct hearth_flat_builder *b, uint32_t table, uint32_t i, void *row);
const char *tables_string(const struct hearth_flat_builder *b, uint32_t i, size_t *ret_len);
size_t tables_bytes(const struct hearth_flat_builder *b);
