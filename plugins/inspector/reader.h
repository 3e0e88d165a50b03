/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded reading of a file that nobody vouches for: always by copy, never by mmap (a file that
 * is cut while it is mapped kills with SIGBUS), and short reads are errors, not surprises. The
 * same calls read from memory, for tests and fuzzing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct reader {
	int fd;              /* -1: memory */
	const uint8_t *data;
	uint64_t size;
	uint64_t first;      /* of memory: the offset of data[0], for a part of something larger */
};

/* -errno, or -EINVAL if it is not a regular file. */
int reader_open_fd(struct reader *r, int fd);
void reader_open_memory(struct reader *r, const void *data, size_t size);
/*
 * len bytes from offset on, in memory: for one who would read all of them in small pieces. The caller
 * frees *ret_data. -ENOMEM, or as reader_get.
 */
int reader_load(const struct reader *from, uint64_t offset, size_t len, struct reader *ret,
		uint8_t **ret_data);

/* All of it, or -ERANGE if it is not all in the file, or the read's error. */
int reader_get(const struct reader *r, uint64_t offset, void *to, size_t len);

/* As much as there is, 0 behind the end. */
int reader_get_some(const struct reader *r, uint64_t offset, void *to, size_t max, size_t *ret);
