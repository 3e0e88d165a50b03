/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that is whole gets its name, or a compressed copy does and the file goes. At every moment
 * there is one of both that is whole: what a crash leaves of it is found and completed later.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/artifact.h>

/* Appended to the name of what is compressed. */
#define FINISHED_ZSTD_SUFFIX ".zst"

struct finished {
	bool is_zstd;
	int zstd_error; /* why it is not, although that was wanted; 0: nothing failed */
	struct hearth_artifact_row row; /* size and sha256 of what has the name now */
};

/* How it is to be finished, in which folder. */
struct finishing {
	int directory;
	bool can_overwrite, wants_zstd;
};

/*
 * The file `fd`, which is called `temporary` and is complete, becomes `name`, or that and the suffix.
 * 0 or -errno: it is still called as it was.
 */
int finished_name(const struct finishing *f, int fd, const char *temporary, const char *name,
		  struct finished *ret);
/* As above if a crash came between its new name and the end of its old one; -ENOENT: it has none. */
int finished_name_again(const struct finishing *f, int fd, const char *temporary, const char *name,
			struct finished *ret);
/* Either name is in use. */
bool finished_is_taken(int directory, const char *name);
