/* SPDX-License-Identifier: Apache-2.0 */
/* The header of perf.data: where the records lie, which events there are, what the features say. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/perf_format.h"
#include "input.h"
#include "perf_events.h"
#include "perf_facts.h"
#include "warnings.h"

enum { PERF_PIPE_HEADER_BYTES = 16, PERF_PREFIX_MAX_BYTES = 512 << 10 };

struct perf_header {
	bool is_pipe;              /* no more than the magic number: records tell the rest */
	struct perf_file_header file;
};

/*
 * Takes the first n bytes of a recording apart. 0, or -EBADMSG with the reason told to `warnings`:
 * not this machine's byte order, another version, or too short.
 */
int perf_header_parse(const uint8_t *head, size_t n, struct warnings *warnings, struct perf_header *ret);

/*
 * Where the parts of the header are read from: the bytes before the data, or if there are none a
 * seekable input.
 */
struct perf_parts {
	struct input *input;
	const uint8_t *prefix;
	uint64_t n_prefix;
};

/* Reads the events. 0, -ENOMEM, or -EBADMSG with the reason told. */
int perf_header_read_events(const struct perf_header *h, const struct perf_parts *parts,
			    struct perf_events *events, struct warnings *warnings);

/* Reads the features behind the data; of what is cut off, nothing. 0 or -ENOMEM. */
int perf_header_read_features(const struct perf_header *h, const struct perf_parts *parts,
			      struct perf_events *events, struct perf_facts *facts);
