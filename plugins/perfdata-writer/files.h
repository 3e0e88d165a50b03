/* SPDX-License-Identifier: Apache-2.0 */
/* File mode: batches go into one file after the other. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/profile.h>

#include "kernel_map.h"
#include "recorder.h"
#include "series.h"

struct files {
	const struct hearth_host *host;
	struct recorder *recorder;
	struct kernel_map *kernel;
	struct series series;
	struct series_span span;          /* of what the open file holds */
	uint64_t rotate_ns, rotate_bytes; /* 0: never */
	bool is_failing, is_crowded;
};

/*
 * Writes a batch that came from a source, any number that tells it from others. 0, or -errno: it
 * could not be written, which has been said.
 */
int files_write(struct files *f, const struct hearth_flat *batch, uint64_t source);
/* Ends the open file, if there is one. 0, or -errno and an allocated sentence or NULL. */
int files_end(struct files *f, char **ret_why);
