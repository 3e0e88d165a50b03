/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a file, of a FIFO or of standard input, unpacked where they are gzip or zstd (known
 * by their first bytes, not by a name). Memory is bounded whatever the packed bytes claim.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct input;

/* Opens; "-" is standard input. 0 or -errno. Nothing is read, so that a FIFO may still be empty. */
int input_open(const char *path, struct input **ret);
struct input *input_free(struct input *in); /* NULL; answers NULL */

/*
 * The next bytes, unpacked: up to n, 0 at the end. -EAGAIN: nothing now, wait for input_fd().
 * -EBADMSG: the packed data is damaged or cut off here. Other errors: as read(2).
 */
ssize_t input_read(struct input *in, void *buf, size_t n);

/* The first n bytes, which input_read() then gives again; fewer only at the end. -EAGAIN, errors. */
ssize_t input_peek(struct input *in, void *buf, size_t n);

/* Unpacked bytes that input_read() has given. */
uint64_t input_offset(const struct input *in);

/* "gzip", "zstd", or NULL for plain bytes. Known after the first input_peek(). */
const char *input_packing(const struct input *in);

/*
 * A plain regular file can be read anywhere, whatever input_read() has given. True: and its size.
 * False: packed, a FIFO, a socket or a terminal.
 */
bool input_is_seekable(const struct input *in, uint64_t *ret_size);

/* Bytes at an offset of a seekable input: n, or fewer at its end. -errno. */
ssize_t input_pread(struct input *in, void *buf, size_t n, uint64_t offset);

/* input_read() goes on from this offset of a seekable input. */
void input_seek(struct input *in, uint64_t offset);

int input_fd(const struct input *in);
