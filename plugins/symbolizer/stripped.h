/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files whose frames stayed without a name because no symbol covers them, and the packages that
 * would mend it, as one line of advice at the end of a run. [instance thread]
 */
#pragma once

#include <stdint.h>

#include "common/cleanup.h"

enum { MAX_STRIPPED = 64 };

struct stripped {
	char *path[MAX_STRIPPED];
	uint64_t count[MAX_STRIPPED]; /* frames of samples */
	uint32_t n;
	uint64_t n_frames;            /* frames of samples in all, named or not */
};

/* What comes after MAX_STRIPPED files is left out: advice names the worst few anyway. */
void stripped_add(struct stripped *s, const char *path, uint64_t count);
void stripped_done(struct stripped *s);

/*
 * "38 % of the frames have no name: install gzip-dbgsym, libc6-dbg (hearth doctor /usr/bin/gzip says
 * from where)", at most five files.
 * dpkg_info: "/var/lib/dpkg/info", whose *.list say which package a file is of; where there is no
 * such folder, files are named. *ret is allocated, NULL if nothing is worth saying. 0 or -ENOMEM.
 */
int stripped_advice(struct stripped *s, const char *dpkg_info, char **ret);
