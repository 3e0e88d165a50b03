/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch is one allocation: the public struct, the spans of its own and its parent's segments,
 * and the names. Segment memory stays the emitter's until the last reference goes, except where
 * the emitter gave no release function: then it was copied.
 */
#include "route/batch.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

struct batch {
	struct hearth_batch public;
	atomic_uint refs;
	size_t bytes;
	struct batch *parent;
	struct hearth_segment *own; /* copies, release() set */
	uint32_t n_own;
	struct hearth_span spans[];
};

/* Segment i of an emission whose elements may be longer than ours. */
static struct hearth_segment segment_at(const struct hearth_emission *e, uint32_t i)
{
	const char *base = (const char *)e->segments;
	struct hearth_segment s;

	memcpy(&s, base + (size_t)i * e->segment_stride, sizeof(s));
	return s;
}

static void release_all(const struct hearth_emission *e)
{
	if (e->segment_stride < sizeof(struct hearth_segment))
		return;
	for (uint32_t i = 0; i < e->n_segments; i++) {
		struct hearth_segment s = segment_at(e, i);

		if (s.release)
			s.release(s.ctx);
	}
}

static char *put_string(char **at, const char *s)
{
	size_t len = strlen(s) + 1;
	char *copy = memcpy(*at, s, len);

	*at += len;
	return copy;
}

static int take_segments(struct batch *b, const struct hearth_emission *e)
{
	for (uint32_t i = 0; i < e->n_segments; i++) {
		struct hearth_segment s = segment_at(e, i);

		if (!s.release && s.len > 0) {
			void *copy = malloc(s.len);

			if (!copy)
				return -ENOMEM;
			s.data = memcpy(copy, s.data, s.len);
			s.release = free;
			s.ctx = copy;
		}
		b->own[b->n_own++] = s;
		b->spans[i] = (struct hearth_span){ s.data, s.len };
		b->bytes += s.len;
	}
	return 0;
}

int batch_new(const struct hearth_emission *e, const char *instance, const char *run,
	      uint64_t sequence, struct batch **ret)
{
	struct batch *parent = e->parent ? batch_from_public(e->parent) : NULL;
	uint32_t n = e->n_segments + (parent ? parent->public.n_segments : 0);
	size_t names = 0;
	struct batch *b;
	char *at;

	if (!e->schema || e->segment_stride < sizeof(struct hearth_segment)) {
		release_all(e);
		return -EINVAL;
	}
	names = strlen(e->schema) + strlen(instance) + strlen(run) + 3;
	b = calloc(1, sizeof(*b) + n * sizeof(b->spans[0]) + names);
	if (!b || !(b->own = calloc(e->n_segments + 1, sizeof(*b->own)))) {
		free(b);
		release_all(e);
		return -ENOMEM;
	}
	atomic_init(&b->refs, 1);
	if (take_segments(b, e) < 0) {
		/* What was copied is ours; what was not reached is still the emitter's to release. */
		for (uint32_t i = 0; i < b->n_own; i++)
			if (!segment_at(e, i).release)
				b->own[i].release(b->own[i].ctx);
		free(b->own);
		free(b);
		release_all(e);
		return -ENOMEM;
	}
	if (parent) {
		b->parent = batch_ref(parent);
		memcpy(b->spans + e->n_segments, parent->spans,
		       parent->public.n_segments * sizeof(b->spans[0]));
	}
	at = (char *)(b->spans + n);
	b->public = (struct hearth_batch){
		.size = sizeof(b->public),
		.n_segments = n,
		.schema = put_string(&at, e->schema),
		.segments = b->spans,
		.instance = put_string(&at, instance),
		.run = put_string(&at, run),
		.sequence = sequence,
		.n_items = e->n_items || !parent ? e->n_items : parent->public.n_items,
	};
	*ret = b;
	return 0;
}

struct batch *batch_ref(struct batch *b)
{
	atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
	return b;
}

struct batch *batch_unref(struct batch *b)
{
	while (b && atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1) {
		struct batch *parent = b->parent;

		for (uint32_t i = 0; i < b->n_own; i++)
			if (b->own[i].release)
				b->own[i].release(b->own[i].ctx);
		free(b->own);
		free(b);
		b = parent;
	}
	return NULL;
}

const struct hearth_batch *batch_public(const struct batch *b)
{
	return &b->public;
}

struct batch *batch_from_public(const struct hearth_batch *b)
{
	return CONTAINER_OF(b, struct batch, public);
}

size_t batch_bytes(const struct batch *b)
{
	return b->bytes;
}
