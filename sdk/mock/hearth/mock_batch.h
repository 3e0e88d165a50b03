/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of a mock host, and emit(). Include hearth/mock.h. */
#ifndef HEARTH_MOCK_BATCH_H
#define HEARTH_MOCK_BATCH_H

#include <hearth/mock_state.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline void hearth_mock_unref_(struct hearth_mock_batch *b)
{
	uint32_t i;

	if (!b || __atomic_sub_fetch(&b->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	for (i = 0; i < b->n_own; i++)
		free((void *)(uintptr_t)b->spans[i].data);
	hearth_mock_unref_(b->parent);
	if (b->live)
		__atomic_sub_fetch(b->live, 1, __ATOMIC_ACQ_REL);
	free(b->spans);
	free(b->schema);
	free(b);
}

static inline void hearth_mock_retain_(const struct hearth_host *h, const struct hearth_batch *b)
{
	(void)h;
	__atomic_add_fetch(&((struct hearth_mock_batch *)(uintptr_t)b)->refs, 1, __ATOMIC_ACQ_REL);
}

static inline void hearth_mock_release_(const struct hearth_host *h, const struct hearth_batch *b)
{
	(void)h;
	hearth_mock_unref_((struct hearth_mock_batch *)(uintptr_t)b);
}

/* Exactly as long as said, so that a sanitizer sees who reads on. */
static inline struct hearth_span hearth_mock_span_(const void *data, uint64_t len)
{
	struct hearth_span s;
	void *p = hearth_mock_alloc_((size_t)len);

	if (len)
		memcpy(p, data, (size_t)len);
	s.data = p;
	s.len = len;
	return s;
}

static inline struct hearth_mock_batch *hearth_mock_batch_(struct hearth_mock *m, const char *schema,
							   uint32_t n_own, uint32_t n_parent)
{
	struct hearth_mock_batch *b = (struct hearth_mock_batch *)hearth_mock_alloc_(sizeof(*b));

	b->spans = (struct hearth_span *)hearth_mock_alloc_((n_own + n_parent) * sizeof(*b->spans));
	b->schema = hearth_mock_copy_(schema);
	b->n_own = n_own;
	b->refs = 1;
	b->live = &m->n_live;
	__atomic_add_fetch(b->live, 1, __ATOMIC_ACQ_REL);
	b->batch.size = sizeof(b->batch);
	b->batch.n_segments = n_own + n_parent;
	b->batch.schema = b->schema;
	b->batch.segments = b->spans;
	b->batch.instance = m->host.instance;
	b->batch.run = m->host.run;
	return b;
}

static inline int32_t hearth_mock_keep_(struct hearth_mock *m, const struct hearth_emission *e)
{
	struct hearth_mock_batch *b, *parent = (struct hearth_mock_batch *)(uintptr_t)e->parent;
	uint32_t i;

	if (m->emit_error)
		return m->emit_error;
	if (m->room == 0)
		return -EAGAIN;
	if (!e->schema || e->n_segments == 0 || e->size < sizeof(*e))
		return -EINVAL;
	if (m->room != UINT32_MAX)
		m->room--;
	b = hearth_mock_batch_(m, e->schema, e->n_segments, parent ? parent->batch.n_segments : 0);
	for (i = 0; i < e->n_segments; i++)
		b->spans[i] = hearth_mock_span_(e->segments[i].data, e->segments[i].len);
	for (i = 0; parent && i < parent->batch.n_segments; i++)
		b->spans[e->n_segments + i] = parent->spans[i];
	if (parent)
		hearth_mock_retain_(&m->host, &parent->batch);
	b->parent = parent;
	b->batch.n_items = parent && !e->n_items ? parent->batch.n_items : e->n_items;
	b->batch.sequence = m->sequence++;
	m->emitted = (struct hearth_mock_batch **)hearth_mock_grow_(m->emitted, m->n_emitted,
								    sizeof(*m->emitted));
	m->emitted[m->n_emitted++] = b;
	return 0;
}

static inline int32_t hearth_mock_emit_(const struct hearth_host *h, const struct hearth_emission *e)
{
	struct hearth_mock *m = hearth_mock_of_(h);
	int32_t r;
	uint32_t i;

	pthread_mutex_lock(&m->lock);
	r = hearth_mock_keep_(m, e);
	pthread_mutex_unlock(&m->lock);
	for (i = 0; i < e->n_segments; i++)
		if (e->segments[i].release)
			e->segments[i].release(e->segments[i].ctx);
	return r;
}

static inline int32_t hearth_mock_writable_(const struct hearth_host *h)
{
	return hearth_mock_of_(h)->room != 0;
}

#ifdef __cplusplus
}
#endif
#endif
