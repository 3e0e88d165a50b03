/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record that lies across the end of a block is moved to the beginning of the next one; all
 * others are read once and never copied.
 */
#include "perf_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Blocks kept for the next use: two are being read and sorted, the rest is slack. */
enum { MAX_SPARE = 8 };

struct perf_blocks {
	struct perf_block *spare;
	size_t n_spare, n_used;
};

struct perf_blocks *perf_blocks_new(void)
{
	return calloc(1, sizeof(struct perf_blocks));
}

static void block_free(struct perf_block *b)
{
	free(b->bytes);
	free(b);
}

struct perf_blocks *perf_blocks_free(struct perf_blocks *b)
{
	for (struct perf_block *s = b ? b->spare : NULL, *next; s; s = next) {
		next = s->next;
		block_free(s);
	}
	free(b);
	return NULL;
}

size_t perf_blocks_bytes(const struct perf_blocks *b)
{
	return b->n_used * PERF_BLOCK_BYTES;
}

static struct perf_block *block_new(struct perf_blocks *owner)
{
	struct perf_block *b = owner->spare;

	if (b) {
		owner->spare = b->next;
		owner->n_spare--;
	} else {
		b = calloc(1, sizeof(*b));
		if (b)
			b->bytes = malloc(PERF_BLOCK_BYTES);
		if (!b || !b->bytes) {
			free(b);
			return NULL;
		}
		b->owner = owner;
	}
	b->n_refs = 1;
	owner->n_used++;
	return b;
}

struct perf_block *perf_block_ref(struct perf_block *b)
{
	b->n_refs++;
	return b;
}

void perf_block_unref(struct perf_block *b)
{
	if (!b || --b->n_refs > 0)
		return;
	b->owner->n_used--;
	if (b->owner->n_spare == MAX_SPARE) {
		block_free(b);
		return;
	}
	b->next = b->owner->spare;
	b->owner->spare = b;
	b->owner->n_spare++;
}

void perf_stream_init(struct perf_stream *s, struct perf_blocks *blocks, perf_read_fn read, void *ctx)
{
	*s = (struct perf_stream){ .blocks = blocks, .read = read, .ctx = ctx, .left = UINT64_MAX };
}

void perf_stream_done(struct perf_stream *s)
{
	perf_block_unref(s->block);
	s->block = NULL;
}

/* A fresh block that begins with what is left of the old one. */
static int next_block(struct perf_stream *s)
{
	struct perf_block *b = block_new(s->blocks);

	if (!b)
		return -ENOMEM;
	if (s->to > s->from)
		memcpy(b->bytes, s->block->bytes + s->from, s->to - s->from);
	s->to -= s->from;
	s->from = 0;
	perf_block_unref(s->block);
	s->block = b;
	return 0;
}

/* Reads until n bytes are there. 1; 0: the end came first; -EAGAIN, errors. */
static int need(struct perf_stream *s, size_t n)
{
	while (s->to - s->from < n) {
		uint64_t room;
		ssize_t got;

		if (s->is_over || s->left == 0)
			return 0;
		if ((!s->block || s->from + n > PERF_BLOCK_BYTES) && next_block(s) < 0)
			return -ENOMEM;
		room = PERF_BLOCK_BYTES - s->to;
		got = s->read(s->ctx, s->block->bytes + s->to, room < s->left ? room : s->left);
		if (got < 0)
			return (int)got;
		s->is_over = got == 0;
		s->to += (size_t)got;
		if (s->left != UINT64_MAX)
			s->left -= (uint64_t)got;
	}
	return 1;
}

static void pass(struct perf_stream *s, size_t n)
{
	s->from += n;
	s->offset += n;
}

static int skip_on(struct perf_stream *s)
{
	while (s->to_skip) {
		size_t have = s->to - s->from;
		int r;

		if (have) {
			have = have < s->to_skip ? have : (size_t)s->to_skip;
			pass(s, have);
			s->to_skip -= have;
			continue;
		}
		r = need(s, 1);
		if (r <= 0)
			return r;
	}
	return 1;
}

int perf_stream_next(struct perf_stream *s, struct perf_record *ret)
{
	int r = skip_on(s);

	if (r > 0)
		r = need(s, sizeof(ret->header));
	if (r <= 0)
		return r;
	memcpy(&ret->header, s->block->bytes + s->from, sizeof(ret->header));
	if (ret->header.size < sizeof(ret->header))
		return -EBADMSG;
	r = need(s, ret->header.size);
	if (r <= 0)
		return r;
	ret->bytes = s->block->bytes + s->from;
	ret->block = s->block;
	ret->offset = s->offset;
	pass(s, ret->header.size);
	return 1;
}

void perf_stream_limit(struct perf_stream *s, uint64_t n)
{
	size_t have = s->to - s->from;

	if (have > n)
		s->to = s->from + (size_t)n;
	s->left = have > n ? 0 : n - have;
}

size_t perf_stream_rest(const struct perf_stream *s)
{
	return s->to - s->from;
}

void perf_stream_skip(struct perf_stream *s, uint64_t n)
{
	s->to_skip += n;
}

int perf_stream_take(struct perf_stream *s, void *buf, size_t n)
{
	int r = need(s, n);

	if (r <= 0)
		return r;
	memcpy(buf, s->block->bytes + s->from, n);
	pass(s, n);
	return 1;
}
