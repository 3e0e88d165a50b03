/* SPDX-License-Identifier: Apache-2.0 */
/* What a person sees of a recording: progress while it runs, facts and files when it has ended. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json_t;

struct progress {
	bool is_tty;         /* of stderr: one line, redrawn; else a line at the start */
	uint64_t duration_ns; /* 0: until it is ended */
	bool is_shown;
};

void progress_begin(struct progress *p, uint64_t duration_ns, bool has_command);
void progress_show(struct progress *p, uint64_t elapsed_ns, uint64_t samples);
/* Leaves a clean line. */
void progress_end(struct progress *p);

/* Aligned lines; folder: NULL if nothing was written. */
void record_print(FILE *out, const struct json_t *summary, const char *folder);
