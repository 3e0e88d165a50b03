/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes on their way to a reader that may be slow, gone, or not there yet: nothing here waits. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream {
	int fd;              /* -1: there is no reader */
	uint8_t *bytes;      /* what the reader has not taken yet: `len` from `at` on */
	size_t at, len, capacity;
	size_t max_bytes;    /* of them */
};

/* 0, or -errno; -ENOTSUP: neither a pipe nor a file. */
int stream_check_stdout(void);
/* Makes a FIFO unless it is there. 0, or -errno; -ENOTSUP: something else is there. */
int stream_make_fifo(const char *path);
/* 0 or -errno; of a FIFO -ENXIO: nobody reads it. */
int stream_open_stdout(struct stream *s);
int stream_open_fifo(struct stream *s, const char *path);
static inline bool stream_is_open(const struct stream *s)
{
	return s->fd >= 0;
}
/* Forgets what is left. */
void stream_close(struct stream *s);
void stream_done(struct stream *s);

/* All of it or nothing: -ENOBUFS if that would be too much, -ENOMEM. */
int stream_put(struct stream *s, const void *bytes, size_t len);
/* 0: all is written. -EAGAIN: the reader is slow. Other errors: it is gone. */
int stream_flush(struct stream *s);
