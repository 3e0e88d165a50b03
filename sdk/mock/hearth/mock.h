/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host for unit tests: one component, one instance, no threads, a clock that stands still
 * until the test moves it. Everything that the component does to its host is kept to be looked
 * at. C11 and C++17, header only.
 *
 *	struct hearth_mock source, m;
 *	struct hearth_flat f;
 *
 *	hearth_mock_init(&source, NULL);                     // only to build batches with
 *	hearth_flat_emit(&builder, &source.host, HEARTH_PROFILE_SCHEMA, NULL);
 *
 *	hearth_mock_init(&m, &my_component);                 // options have their defaults
 *	hearth_mock_set(&m, "interval=10s");
 *	assert(hearth_mock_create(&m) == 0 && hearth_mock_start(&m) == 0);
 *	assert(hearth_mock_feed(&m, hearth_mock_emitted(&source, 0)) == 0);
 *	hearth_mock_advance(&m, 10 * HEARTH_MOCK_SECOND);    // fires the timers
 *	assert(hearth_mock_finish(&m) == 0);
 *	assert(hearth_flat_open(&f, hearth_mock_emitted(&m, 0)) == 0);
 *	assert(hearth_mock_counter(&m, "samples_taken") == 3);
 *	assert(hearth_mock_done(&m) == 0 && hearth_mock_done(&source) == 0);
 *
 * To be stricter than a real host: a batch that consume() neither retains nor derives from is
 * freed at once, and emitted memory is copied and released at once, so that a sanitizer sees
 * whoever still reads it; done() answers how many batches were never released.
 */
#ifndef HEARTH_MOCK_H
#define HEARTH_MOCK_H

#include <pthread.h>

#include <hearth/mock_options.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_MOCK_SECOND 1000000000ull
#define HEARTH_MOCK_TIMERS 16u

/* Every batch that a mock makes; `refs` counts holders, on any thread. */
struct hearth_mock_batch {
	struct hearth_batch batch; /* first: a hearth_batch is cast to this */
	struct hearth_span *spans;
	char *schema;
	struct hearth_mock_batch *parent;
	uint32_t n_own, refs; /* spans that are ours to free come first */
	int32_t *live;        /* counts the batches of a mock that are alive */
};

struct hearth_mock_line {
	char *text;
	int32_t level, reserved;
};

struct hearth_mock_counter {
	char *name;
	uint64_t value;
};

struct hearth_mock_report {
	char *key, *json;
};

struct hearth_mock_service {
	const char *id;
	const void *service;
};

struct hearth_mock_timer {
	uint64_t next_ns, every_ns; /* next 0: not armed */
};

struct hearth_mock_fd {
	int32_t fd;
	uint32_t events;
};

struct hearth_mock {
	struct hearth_host host; /* first: a hearth_host is cast to this */
	const struct hearth_component *component;
	void *instance;

	uint64_t now_ns;    /* what host->now_ns() answers */
	uint32_t room;      /* emits that succeed before -EAGAIN; UINT32_MAX: a live route */
	int32_t emit_error; /* what every emit answers instead, if not 0 */
	int32_t is_started, is_woken, n_finished;
	char *failure;      /* of host->fail(), the first one */
	char *refused, *refused_why; /* of host->refuse() */

	struct hearth_mock_batch **emitted;
	struct hearth_mock_line *lines;
	struct hearth_mock_counter *counters;
	struct hearth_mock_report *reports;
	struct hearth_mock_service *services;
	struct hearth_mock_fd *fds; /* watched now */
	struct hearth_mock_option *options;
	uint32_t n_emitted, n_lines, n_counters, n_reports, n_services, n_fds, n_options;
	int32_t n_live; /* batches alive: emitted ones and those the component holds */
	struct hearth_mock_timer timers[HEARTH_MOCK_TIMERS];
	uint64_t sequence;
	pthread_mutex_t lock; /* of everything that [any thread] functions touch */
};

static inline struct hearth_mock *hearth_mock_of_(const struct hearth_host *h)
{
	return (struct hearth_mock *)(uintptr_t)h;
}

/* Makes room for one more element; lists of a mock are short. */
static inline void *hearth_mock_grow_(void *list, uint32_t n, size_t size)
{
	char *p = (char *)realloc(list, (n + (size_t)1) * size);

	if (!p)
		abort();
	memset(p + n * size, 0, size);
	return p;
}

/* ---- batches ---- */

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

/* ---- what the component tells the host ---- */

static inline void hearth_mock_log_(const struct hearth_host *h, int32_t level, const char *message)
{
	struct hearth_mock *m = hearth_mock_of_(h);

	pthread_mutex_lock(&m->lock);
	m->lines = (struct hearth_mock_line *)hearth_mock_grow_(m->lines, m->n_lines,
								sizeof(*m->lines));
	m->lines[m->n_lines].level = level;
	m->lines[m->n_lines++].text = hearth_mock_copy_(message);
	pthread_mutex_unlock(&m->lock);
}

static inline void hearth_mock_count_(const struct hearth_host *h, const char *name, uint64_t add)
{
	struct hearth_mock *m = hearth_mock_of_(h);
	uint32_t i;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < m->n_counters && strcmp(m->counters[i].name, name) != 0; i++)
		;
	if (i == m->n_counters) {
		m->counters = (struct hearth_mock_counter *)hearth_mock_grow_(
			m->counters, m->n_counters, sizeof(*m->counters));
		m->counters[m->n_counters++].name = hearth_mock_copy_(name);
	}
	m->counters[i].value += add;
	pthread_mutex_unlock(&m->lock);
}

static inline int32_t hearth_mock_report_(const struct hearth_host *h, const char *key,
					  const char *json)
{
	struct hearth_mock *m = hearth_mock_of_(h);
	uint32_t i;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < m->n_reports && strcmp(m->reports[i].key, key) != 0; i++)
		;
	if (i == m->n_reports) {
		m->reports = (struct hearth_mock_report *)hearth_mock_grow_(
			m->reports, m->n_reports, sizeof(*m->reports));
		m->reports[m->n_reports++].key = hearth_mock_copy_(key);
	}
	free(m->reports[i].json);
	m->reports[i].json = hearth_mock_copy_(json);
	pthread_mutex_unlock(&m->lock);
	return 0;
}

static inline int32_t hearth_mock_wake_(const struct hearth_host *h)
{
	__atomic_store_n(&hearth_mock_of_(h)->is_woken, 1, __ATOMIC_RELEASE);
	return 0;
}

static inline uint64_t hearth_mock_now_(const struct hearth_host *h)
{
	return __atomic_load_n(&hearth_mock_of_(h)->now_ns, __ATOMIC_ACQUIRE);
}

static inline const void *hearth_mock_service_(const struct hearth_host *h, const char *id)
{
	struct hearth_mock *m = hearth_mock_of_(h);
	uint32_t i;

	for (i = 0; i < m->n_services; i++)
		if (strcmp(m->services[i].id, id) == 0)
			return m->services[i].service;
	return NULL;
}

/* Once per test program, as a process has its library state once. */
static inline int32_t hearth_mock_once_(const struct hearth_host *h, const char *name,
					int32_t (*fn)(void))
{
	static struct { char name[64]; int32_t answer; } done[32];
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	uint32_t i;

	(void)h;
	pthread_mutex_lock(&lock);
	for (i = 0; done[i].name[0] && strcmp(done[i].name, name) != 0; i++)
		if (i == 30)
			abort();
	if (!done[i].name[0]) {
		snprintf(done[i].name, sizeof(done[i].name), "%s", name);
		done[i].answer = fn();
	}
	pthread_mutex_unlock(&lock);
	return done[i].answer;
}

static inline void hearth_mock_finished_(const struct hearth_host *h)
{
	__atomic_add_fetch(&hearth_mock_of_(h)->n_finished, 1, __ATOMIC_ACQ_REL);
}

static inline void hearth_mock_fail_(const struct hearth_host *h, const char *why)
{
	struct hearth_mock *m = hearth_mock_of_(h);

	pthread_mutex_lock(&m->lock);
	if (!m->failure)
		m->failure = hearth_mock_copy_(why);
	pthread_mutex_unlock(&m->lock);
}

/* ---- options ---- */

static inline struct hearth_mock_option *hearth_mock_find_option_(struct hearth_mock *m,
								  const char *name, size_t len)
{
	uint32_t i;

	for (i = 0; i < m->n_options; i++)
		if (strlen(m->options[i].row.name) == len &&
		    memcmp(m->options[i].row.name, name, len) == 0)
			return &m->options[i];
	return NULL;
}

/* A name that is not in the table ends the test, as it ends a real host. */
static inline struct hearth_mock_option *hearth_mock_option_(const struct hearth_host *h,
							     const char *name)
{
	struct hearth_mock_option *o =
		hearth_mock_find_option_(hearth_mock_of_(h), name, strlen(name));

	if (!o) {
		fprintf(stderr, "mock host: the option table has no \"%s\"\n", name);
		abort();
	}
	return o;
}

static inline int32_t hearth_mock_option_is_set_(const struct hearth_host *h, const char *name)
{
	return hearth_mock_option_(h, name)->is_set;
}

static inline int64_t hearth_mock_option_int_(const struct hearth_host *h, const char *name)
{
	return hearth_mock_option_(h, name)->number;
}

static inline const char *hearth_mock_option_string_(const struct hearth_host *h, const char *name)
{
	return hearth_mock_option_(h, name)->text;
}

static inline const char *const *hearth_mock_option_list_(const struct hearth_host *h,
							  const char *name, size_t *ret_n)
{
	struct hearth_mock_option *o = hearth_mock_option_(h, name);

	*ret_n = o->n_items;
	return o->items;
}

static inline const struct hearth_label *hearth_mock_option_map_(const struct hearth_host *h,
								 const char *name, size_t *ret_n)
{
	struct hearth_mock_option *o = hearth_mock_option_(h, name);

	*ret_n = o->n_items;
	return o->pairs;
}

static inline int32_t hearth_mock_refuse_(const struct hearth_host *h, const char *option,
					  const char *why)
{
	struct hearth_mock *m = hearth_mock_of_(h);

	free(m->refused);
	free(m->refused_why);
	m->refused = hearth_mock_copy_(option);
	m->refused_why = hearth_mock_copy_(why);
	return -EINVAL;
}

/* ---- timers and fds ---- */

static inline int32_t hearth_mock_set_timer_(const struct hearth_host *h, uint32_t id,
					     uint64_t first_ns, uint64_t every_ns)
{
	struct hearth_mock *m = hearth_mock_of_(h);

	if (id >= HEARTH_MOCK_TIMERS)
		return -EINVAL;
	m->timers[id].next_ns = first_ns ? m->now_ns + first_ns : 0;
	m->timers[id].every_ns = every_ns;
	return 0;
}

static inline int32_t hearth_mock_watch_fd_(const struct hearth_host *h, int32_t fd, uint32_t events)
{
	struct hearth_mock *m = hearth_mock_of_(h);
	uint32_t i;

	for (i = 0; i < m->n_fds && m->fds[i].fd != fd; i++)
		;
	if (i == m->n_fds && events == 0)
		return -ENOENT;
	if (i == m->n_fds)
		m->fds = (struct hearth_mock_fd *)hearth_mock_grow_(m->fds, m->n_fds++,
								    sizeof(*m->fds));
	m->fds[i].fd = fd;
	m->fds[i].events = events;
	if (events == 0)
		m->fds[i] = m->fds[--m->n_fds];
	return 0;
}

#ifdef __cplusplus
}
#endif

#include <hearth/mock_drive.h>
#endif
