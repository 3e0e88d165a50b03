/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of one writer in their folder: each under a hidden temporary name while it grows, then
 * under its own, then announced as an artifact; so many of them, or so many bytes, are kept.
 *
 * A function that answers -errno for a reason that a user can mend stores a sentence in *ret_why,
 * allocated (NULL without memory).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/plugin.h>

#include "common/outfile.h"
#include "perf_file.h"

struct series {
	const struct hearth_host *host;
	struct outdir directory;
	const char *fixed_name;   /* NULL: names with service, host and time */
	bool can_overwrite, wants_zstd;
	uint64_t keep, keep_bytes; /* 0: all of them */
	struct perf_file file;
	char *name, *temporary;   /* of the open file; NULL: none is open */
	struct series_artifact *unsent;
	size_t n_unsent;
};

/* Opens the folder and takes over what a writer that died has left there. */
int series_open(struct series *s, const char *directory, char **ret_why);
void series_done(struct series *s);

/* Begins a file that starts at a time of CLOCK_REALTIME. */
int series_begin(struct series *s, uint64_t start_ns, char **ret_why);
static inline bool series_is_writing(const struct series *s)
{
	return s->name;
}

struct series_span {
	uint64_t start_ns, end_ns; /* CLOCK_REALTIME */
};

/*
 * Ends the open file; features NULL: as it is. One without a record is removed. It is closed also
 * on error.
 */
int series_end(struct series *s, const struct features *features, const struct series_span *span,
	       char **ret_why);

/* Announces what is finished. 0, or -EAGAIN: the route is full, ask again. */
int series_send(struct series *s);
