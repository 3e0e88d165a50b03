/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of one flame graph: which are wanted, what they are called, how they are announced.
 * [instance thread]
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/plugin.h>

#include "common/outfile.h"
#include "layout.h"
#include "profile.h"
#include "style.h"

enum { FORMAT_FOLDED = 0, FORMAT_HTML, FORMAT_SVG, N_FORMATS };

enum { MAX_UNSENT = 8 * N_FORMATS };

struct outputs {
	const struct hearth_host *host;
	struct outdir directory;
	bool wants[N_FORMATS], can_overwrite;
	const char *name; /* of the one file; NULL: as the format is called */
	bool is_series;    /* the time goes into the names */
	uint64_t n_stacks; /* lines of the last stacks.folded */
	struct unsent {    /* written; the route had no room for it yet */
		struct outfile *file;
		struct outfile_about about;
	} unsent[MAX_UNSENT];
	unsigned int n_unsent;
};

/* Reads `formats` and `overwrite`; the rest is for outputs_open(). 0, or -EINVAL after a refusal. */
int outputs_init(struct outputs *o, const struct hearth_host *h);
void outputs_done(struct outputs *o);

/* Opens the folder and looks whether files are in the way. */
int outputs_open(struct outputs *o, char **ret_why);
int outputs_write(struct outputs *o, const struct profile *p, const struct layout *l,
		  const struct style *style, char **ret_why);
/* Announces what is written. -EAGAIN while the route has no room. */
int outputs_send(struct outputs *o);
