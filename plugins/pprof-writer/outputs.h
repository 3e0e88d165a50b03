/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of one writer: `name` once, or <service>-<host>-<UTC start>.pb.gz each time. A failure
 * that a user can mend stores a sentence in *ret_why, allocated. [instance thread]
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/plugin.h>

#include "common/outfile.h"
#include "profile.h"

enum { MAX_UNSENT = 16 };

struct outputs {
	const struct hearth_host *host;
	struct outdir directory;
	bool can_overwrite, is_series;
	int level;
	struct unsent { /* written; the route had no room for it yet */
		struct outfile *file;
		struct outfile_about about;
	} unsent[MAX_UNSENT];
	unsigned int n_unsent;
};

/* Reads the options; 0, or -EINVAL after a refusal. */
int outputs_init(struct outputs *o, const struct hearth_host *h);
void outputs_done(struct outputs *o);

/* Opens the folder and looks whether a file is in the way. */
int outputs_open(struct outputs *o, char **ret_why);
int outputs_write(struct outputs *o, struct profile *p, char **ret_why);
/* Announces what is written. -EAGAIN while the route has no room. */
int outputs_send(struct outputs *o);
