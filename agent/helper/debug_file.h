/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the symbols of a stripped file may lie, and how the opener gets there. The target may have
 * put anything at these places; the inspector says whether what was found is of the same build.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DEBUG_FILE_PLACES 6u
#define DEBUG_FOLDER "/usr/lib/debug"

/* The stripped file, as the host knows it. */
struct debug_file {
	pid_t pid;
	uint64_t start_time;      /* 0: do not check */
	const char *path;         /* as the target sees it */
	const uint8_t *build_id;
	uint32_t build_id_len;    /* 0: none */
	const char *link;         /* of .gnu_debuglink, "": none; nobody has checked it */
	uint64_t device;          /* as stat(2) shows it, */
	uint32_t owner;           /* as its uid */
};

/*
 * Tries the places from number `first` on. Returns the number of the one that *ret_fd was opened
 * at, or -ENOENT.
 *
 * In the root of the process: by build id, beside the file, in .debug beside it, by its path below
 * /usr/lib/debug. There a file must have the owner of the stripped one and lie on the same file
 * system: many processes may map that file, and none of them may rename its functions for others.
 * Then in our own root: by build id and by path below /usr/lib/debug, files of root or of
 * ourselves. Nothing is opened that is not called *.debug.
 */
int debug_file_open(const struct debug_file *d, unsigned int first, int *ret_fd);

/* Where things of a build lie below a folder: "FOLDER/.build-id/ab/cdef…SUFFIX". */
struct build_place {
	const char *folder, *suffix;
};

/* False: no build id that could be a name. */
bool debug_file_path_by_id(const struct build_place *place, const uint8_t *build_id, uint32_t len,
			   char *to, size_t size);
