/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The result of a run as JSON, in the shape of docs/schemas/summary.schema.json. Gathered while
 * the instances still exist; artifacts and receipts come from their batches.
 */
#pragma once

#include <stdint.h>

#include <hearth/plugin.h>

struct json_t;
struct pipeline;

struct result_facts {
	const char *run;
	const char *ended_by;
	const struct hearth_label *labels;
	size_t n_labels;
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
	struct json_t *failures;   /* instance name: why; borrowed */
	struct json_t *artifacts, *receipts; /* arrays, borrowed */
};

/* A new reference, NULL without memory. */
struct json_t *result_make(const struct pipeline *p, const struct result_facts *facts);

/* hearth.artifact/1 or hearth.receipt/1 as a JSON object; NULL if it is malformed. */
struct json_t *result_artifact(const struct hearth_batch *b);
struct json_t *result_receipt(const struct hearth_batch *b);

/* Name, kernel, architecture and online CPUs of this machine; a new reference. */
struct json_t *result_host(void);
/* State, statistics and counters of one instance, as in summary.json and status. */
struct instance;
struct json_t *result_instance(const struct instance *i);
