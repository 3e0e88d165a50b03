/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that plugins write for people: under a temporary name until they are whole, then under
 * their own, then announced as an artifact. A final name never holds half a file, and nothing is
 * overwritten unless the caller was told to.
 *
 * A function that answers -errno for a reason that a user can mend stores a sentence in
 * *ret_why, allocated (NULL without memory). [instance thread], all of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hearth/plugin.h>

#include "common/cleanup.h"

/* A folder that files are written into; zero it before use, or {.fd = -1}. */
struct outdir {
	int fd;
	bool is_stream; /* standard output */
	char *path; /* absolute, without symbolic links */
};

/*
 * Opens the folder, made with its parents if it is not there. "-" is standard output: files go
 * there one behind the other, nothing can be in the way, and none is announced.
 */
int outdir_open(struct outdir *d, const char *path, char **ret_why);
/* -EEXIST if `name` is there already: to be asked before any work is done. */
int outdir_check(const struct outdir *d, const char *name, char **ret_why);
void outdir_done(struct outdir *d);
/* hearth_component.diagnose_options of a sink whose folder is the option `directory`. */
void outdir_diagnose(const struct hearth_diagnosis *d);

struct outfile;

/* Begins DIR/name; `name` has no slash. */
int outfile_new(const struct outdir *d, const char *name, struct outfile **ret, char **ret_why);
/* The first error is remembered and answered by outfile_commit(). */
void outfile_write(struct outfile *o, const void *data, size_t len);
void outfile_text(struct outfile *o, const char *text);
void outfile_format(struct outfile *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* What has been written so far leaves the buffer, for whoever reads along. */
void outfile_flush(struct outfile *o);
/* Gives the file its name, its bytes on disk. Without can_overwrite -EEXIST if that is taken. */
int outfile_commit(struct outfile *o, bool can_overwrite, char **ret_why);

struct outfile_about {
	const char *media_type, *description;
	uint64_t window_start_ns, window_end_ns; /* CLOCK_REALTIME */
};

/* Emits a committed file as hearth.artifact/1; answers like hearth_host.emit. */
int32_t outfile_emit(const struct outfile *o, const struct hearth_host *h,
		     const struct outfile_about *about);
const char *outfile_path(const struct outfile *o);
uint64_t outfile_size(const struct outfile *o);

/* Removes the file unless it was committed. NULL */
struct outfile *outfile_free(struct outfile *o);
DEFINE_CLEANUP(struct outfile *, outfile_free)
