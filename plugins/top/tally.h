/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of the samples each function and each process has. One tally holds one window or the
 * sum of several. One owner thread.
 */
#pragma once

#include <stdint.h>

#include <hearth/flat_builder.h>
#include <hearth/plugin.h>

#include "common/cleanup.h"

/* self: samples whose innermost function it is; total: samples with it anywhere, each once. */
struct tally_weight {
	uint64_t self, total;
};

struct tally {
	struct hearth_flat_builder keys; /* what is counted; the builder never becomes a batch */
	struct tally_weight *functions;  /* by row of the keys */
	uint64_t *processes;
	uint64_t functions_capacity, processes_capacity;
	uint64_t n_samples, value, lost;
	uint64_t length_ns; /* of its windows */
	uint64_t cpu_ns;    /* CPU time that the samples stand for; 0: they are not of time */
};

/* A line of the ranking; strings are borrowed from the tally. */
struct tally_function {
	const char *name, *module; /* "/usr/bin/gzip" or ""; names as the process chose them */
	uint32_t frame_kind;       /* HEARTH_FRAME_* */
	struct tally_weight weight;
};

struct tally_process {
	uint32_t pid;
	const char *comm;
	uint64_t value;
};

enum tally_order { TALLY_BY_SELF, TALLY_BY_TOTAL };

int tally_new(struct tally **ret);
struct tally *tally_free(struct tally *t); /* NULL */
DEFINE_CLEANUP(struct tally *, tally_free)

/* 0, -EBADMSG or -ENOMEM; after an error the tally is to be thrown away. */
int tally_add_batch(struct tally *t, const struct hearth_batch *b);
/* Adds all of `from`. 0 or -ENOMEM. */
int tally_add(struct tally *t, const struct tally *from);

/* The heaviest, at most *n of them, into out[]; *n gets how many there are. 0 or -ENOMEM. */
int tally_rank_functions(const struct tally *t, enum tally_order order, struct tally_function *out,
			 uint32_t *n);
int tally_rank_processes(const struct tally *t, struct tally_process *out, uint32_t *n);
