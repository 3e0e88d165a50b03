/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch is one allocation: the public struct, the spans of its own and its parent's segments,
 * and the names. Segment memory stays the emitter's until the last reference goes, except where
 * the emitter gave no release function: then it was copied.
 */
#include "route/batch.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "util/sys.h"

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

/* What nobody has taken yet, from segment `first` on. */
static void release_from(const struct hearth_emission *e, uint32_t first)
{
	if (!e->segments || e->segment_stride < sizeof(struct hearth_segment))
		return; /* there is no telling where they are */
	for (uint32_t i = first; i < e->n_segments; i++) {
		struct hearth_segment s = segment_at(e, i);

		if (s.release)
			s.release(s.ctx);
	}
}

static void batch_free(struct batch *b)
{
	for (uint32_t i = 0; i < b->n_own; i++)
		if (b->own[i].release)
			b->own[i].release(b->own[i].ctx);
	free(b->own);
	free(b);
}

static char *put_string(char **at, const char *s)
{
	size_t len = strlen(s) + 1;
	char *copy = memcpy(*at, s, len);

	*at += len;
	return copy;
}

static bool is_malformed(const struct hearth_emission *e)
{
	return !e->schema || e->segment_stride < sizeof(struct hearth_segment) ||
	       (e->n_segments > 0 && !e->segments);
}

static struct batch *alloc_batch(const struct hearth_emission *e, size_t n_spans, size_t names)
{
	_cleanup_free_ struct batch *b =
		sys_alloc(1, sizeof(*b) + n_spans * sizeof(b->spans[0]) + names);

	if (!b)
		return NULL;
	b->own = sys_alloc(e->n_segments, sizeof(*b->own));
	if (!b->own)
		return NULL;
	atomic_init(&b->refs, 1);
	return TAKE_PTR(b);
}

static int take_segments(struct batch *b, const struct hearth_emission *e)
{
	for (uint32_t i = 0; i < e->n_segments; i++) {
		struct hearth_segment s = segment_at(e, i);

		if (!s.data && s.len > 0)
			return -EINVAL;
		if (!s.release && s.len > 0) {
			void *copy = sys_realloc(NULL, s.len, 1);

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

static void share_segments(struct batch *b, struct batch *parent)
{
	b->parent = batch_ref(parent);
	memcpy(b->spans + b->n_own, parent->spans,
	       parent->public.n_segments * sizeof(b->spans[0]));
}

int batch_new(const struct hearth_emission *e, const char *instance, const char *run,
	      struct batch **ret)
{
	struct batch *parent = e->parent ? batch_from_public(e->parent) : NULL, *b = NULL;
	uint32_t n = e->n_segments;
	char *at;
	int r = 0;

	if (is_malformed(e) ||
	    (parent && __builtin_add_overflow(n, parent->public.n_segments, &n)))
		r = -EINVAL;
	if (r == 0) {
		b = alloc_batch(e, n, strlen(e->schema) + strlen(instance) + strlen(run) + 3);
		r = b ? take_segments(b, e) : -ENOMEM;
	}
	if (r < 0) {
		release_from(e, b ? b->n_own : 0);
		if (b)
			batch_free(b);
		return r;
	}
	if (parent)
		share_segments(b, parent);
	at = (char *)(b->spans + n);
	b->public = (struct hearth_batch){
		.size = sizeof(b->public),
		.n_segments = n,
		.schema = put_string(&at, e->schema),
		.segments = b->spans,
		.instance = put_string(&at, instance),
		.run = put_string(&at, run),
		.n_items = e->n_items || !parent ? e->n_items : parent->public.n_items,
	};
	*ret = b;
	return 0;
}

void batch_set_sequence(struct batch *b, uint64_t sequence)
{
	b->public.sequence = sequence;
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

		batch_free(b);
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
