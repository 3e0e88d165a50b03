/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One perf.data on disk, readable at every moment: records are written behind the end that the
 * header names, then the header names the new end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "events.h"
#include "feature_sections.h"

struct perf_file {
	int fd;
	uint64_t data_bytes;    /* of records, as the header says */
	uint64_t pending_bytes; /* written behind them */
};

/* Begins a file at offset 0 of fd, which is taken, also on error. 0 or -errno. */
int perf_file_begin(struct perf_file *f, int fd);
/* Makes the first n events of the file's known. 0 or -errno. */
int perf_file_set_events(struct perf_file *f, const struct events *events);
/* Whole records, which belong to the file once they are committed. 0 or -errno. */
int perf_file_put(struct perf_file *f, const void *records, size_t len);
int perf_file_commit(struct perf_file *f);
/* Removes what was put and is not committed. */
void perf_file_take_back(struct perf_file *f);
/* Nothing is appended any more; all of it is on disk then. 0 or -errno. */
int perf_file_end(struct perf_file *f, const struct features *features);
void perf_file_close(struct perf_file *f);

/* Bytes of records of a file that somebody else has written; 0: none, or it is no perf.data. */
uint64_t perf_file_recorded_bytes(int fd);

/* Bytes of the file as it is. */
uint64_t perf_file_bytes(const struct perf_file *f);
