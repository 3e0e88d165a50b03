/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a file may lie of which a recording tells only path and build id, and how the opener gets
 * there. Whether what was found is of that build, the inspector says.
 */
#pragma once

#include <stdint.h>

/* Numbers of places. */
enum {
	RECORDED_AT_PATH = 0,
	RECORDED_IN_PERF_STORE = 4, /* and from there on */
	RECORDED_PLACES = 6,
};

struct recorded_file {
	const char *path; /* as the recording has it */
	const uint8_t *build_id;
	uint32_t build_id_len; /* 0: unknown; then only the path leads anywhere */
	const char *perf_store; /* NULL, or the folder in which perf keeps what it has recorded */
};

/*
 * Tries the places from number `first` on. Returns the number of the one that *ret_fd was opened
 * at, or what opening the path ended with; -ENOENT if that was not among the places.
 *
 * At its path in our own root: a regular file of this machine, of any owner, since it is used only
 * if it is the very build that was recorded. Where anybody's build id would do, it must be readable
 * by everybody: a recording's wish is no reason to use root's rights. Then by build id below
 * /usr/lib/debug, by its path there as GDB and the distributions have it, and by build id in perf's
 * store, files of root or of ourselves.
 */
int recorded_file_open(const struct recorded_file *f, unsigned int first, int *ret_fd);
