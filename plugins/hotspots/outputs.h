/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a report: what they are called, where they go, how they are announced.
 * [instance thread]
 */
#pragma once

#include <stdbool.h>

#include <hearth/plugin.h>

#include "common/outfile.h"
#include "recording.h"

enum { FORMAT_TEXT, FORMAT_JSON, N_FORMATS };

enum { MAX_UNSENT = 8 * N_FORMATS };

struct outputs {
	const struct hearth_host *host;
	struct outdir directory, stream; /* stream: standard output */
	const char *names[N_FORMATS];    /* "": not wanted; "-": to the stream */
	bool can_overwrite;
	bool is_series;                  /* the time goes into the names */
	struct unsent {                  /* written; the route had no room for it yet */
		struct outfile *file;
		struct outfile_about about;
	} unsent[MAX_UNSENT];
	unsigned int n_unsent;
};

/* Reads `output`, `json` and `overwrite`. 0, or -EINVAL after a refusal. */
int outputs_init(struct outputs *o, const struct hearth_host *h);
void outputs_done(struct outputs *o);

/* Opens the folder and looks whether files are in the way. */
int outputs_open(struct outputs *o, char **ret_why);
int outputs_write(struct outputs *o, const struct recording *r, char **ret_why);
/* Announces what is written. -EAGAIN while the route has no room. */
int outputs_send(struct outputs *o);
