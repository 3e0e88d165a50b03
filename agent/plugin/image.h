/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared object before and after dlopen(): whether it can be mapped without a SIGBUS, and
 * whether what was mapped is the file that was checked.
 */
#pragma once

#include <stdbool.h>

/*
 * True file of this machine whose segments lie inside it: dlopen() of a truncated file ends in
 * SIGBUS, not in an error. 0, -ENOEXEC with an allocated *ret_why, or -errno.
 */
int image_check(int fd, char **ret_why);

/* Opaque identity of a mapped file, as /proc/self/maps shows it. */
struct image_id {
	char text[64];
};

/* Of the file that is mapped at an address. -ENOENT: no file is. */
int image_id_at(const void *address, struct image_id *ret);
/*
 * Of an open file. It is mapped for a moment and looked up like the other: st_dev does not agree
 * with /proc/self/maps on overlay and btrfs.
 */
int image_id_of_fd(int fd, struct image_id *ret);
bool image_id_equal(const struct image_id *a, const struct image_id *b);
