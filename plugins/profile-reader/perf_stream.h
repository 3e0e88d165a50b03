/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes → records, wherever the bytes come from. Records stay where they were read, in blocks that
 * live as long as somebody holds a reference: sorting by time needs no copy.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/perf_event.h>

struct perf_blocks; /* shared by streams: memory for blocks, and how much of it is in use */

struct perf_block {
	struct perf_block *next;
	struct perf_blocks *owner;
	size_t n_refs;
	uint8_t *bytes; /* PERF_BLOCK_BYTES */
};

enum { PERF_BLOCK_BYTES = 1 << 20 };

struct perf_record {
	const uint8_t *bytes; /* the whole record, header included; maybe unaligned */
	struct perf_block *block;
	struct perf_event_header header;
	uint64_t offset; /* in the stream */
};

/* As read(2), and -EAGAIN: nothing now. */
typedef ssize_t (*perf_read_fn)(void *ctx, void *buf, size_t n);

struct perf_stream {
	struct perf_blocks *blocks;
	perf_read_fn read;
	void *ctx;
	struct perf_block *block; /* the one being filled; NULL: none yet */
	size_t from, to;          /* in it: read and not yet given */
	uint64_t offset;          /* of `from` */
	uint64_t left;            /* bytes that may still be read; UINT64_MAX: to the end */
	uint64_t to_skip;
	bool is_over;
};

struct perf_blocks *perf_blocks_new(void); /* NULL: no memory */
struct perf_blocks *perf_blocks_free(struct perf_blocks *b); /* with all that is in use */
size_t perf_blocks_bytes(const struct perf_blocks *b);       /* in use */

struct perf_block *perf_block_ref(struct perf_block *b);
void perf_block_unref(struct perf_block *b);

void perf_stream_init(struct perf_stream *s, struct perf_blocks *blocks, perf_read_fn read, void *ctx);
void perf_stream_done(struct perf_stream *s);

/*
 * The next record. 1: *ret, borrowed until the next call unless its block is referenced. 0: the
 * end; perf_stream_rest() tells whether bytes were left over. -EAGAIN: nothing now. -EBADMSG: what
 * is at perf_stream.offset is no record. Other errors as read.
 */
int perf_stream_next(struct perf_stream *s, struct perf_record *ret);

/* The stream ends n bytes from here. */
void perf_stream_limit(struct perf_stream *s, uint64_t n);

/* Bytes of an incomplete last record. */
size_t perf_stream_rest(const struct perf_stream *s);

/* Passes over bytes that follow the last record. */
void perf_stream_skip(struct perf_stream *s, uint64_t n);

/* The n bytes before any record, copied to buf. 1; 0: the end came first; -EAGAIN, errors. n is at
   most PERF_BLOCK_BYTES / 2. */
int perf_stream_take(struct perf_stream *s, void *buf, size_t n);
