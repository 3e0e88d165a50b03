/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipe mode: perf.data without a place to go back to, for a reader that takes it while it is made.
 * A window that the reader has no room for is left out as a whole, and the reader is told how many
 * samples that cost.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/profile.h>

#include "kernel_map.h"
#include "recorder.h"
#include "stream.h"

struct live_pipe {
	const struct hearth_host *host;
	struct recorder *recorder;
	struct kernel_map *kernel;
	char *path;            /* of the FIFO; "-": standard output */
	struct stream stream;
	uint64_t n_left_out;   /* samples that the reader has not been told of */
	uint64_t n_taken;      /* bytes that readers took, to see whether they do */
	int said;              /* why the last window did not reach anybody; 0: it did */
	bool is_over;          /* standard output has no reader any more, and gets no other */
};

/* 0, or -errno and an allocated sentence or NULL. That a FIFO has no reader yet is no error. */
int live_pipe_open(struct live_pipe *p, char **ret_why);
void live_pipe_done(struct live_pipe *p);

/* Sends a batch that came from a source. 0, or -errno: it was left out, which has been said. */
int live_pipe_write(struct live_pipe *p, const struct hearth_flat *batch, uint64_t source);
/* When the reader has taken some. 0: it has all; -EAGAIN: there is more; else it is gone. */
int live_pipe_flush(struct live_pipe *p);
/* When it may be gone. */
void live_pipe_on_hangup(struct live_pipe *p);
