/* SPDX-License-Identifier: Apache-2.0 */
/* What a test calls: set up, drive and look at a mock host. Include hearth/mock.h. */
#ifndef HEARTH_MOCK_DRIVE_H
#define HEARTH_MOCK_DRIVE_H

#include <hearth/mock_host.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline void hearth_mock_read_table_(struct hearth_mock *m, const struct hearth_component *c)
{
	uint32_t i, stride = c->option_stride ? c->option_stride : sizeof(struct hearth_option);

	m->options = (struct hearth_mock_option *)hearth_mock_alloc_(c->n_options *
								     sizeof(*m->options));
	m->n_options = c->n_options;
	for (i = 0; i < c->n_options; i++) {
		memcpy(&m->options[i].row, (const char *)c->options + (size_t)i * stride,
		       stride < sizeof(struct hearth_option) ? stride : sizeof(struct hearth_option));
		if (hearth_mock_parse_(&m->options[i], m->options[i].row.def) < 0) {
			fprintf(stderr, "mock host: default of \"%s\" is not valid\n",
				m->options[i].row.name);
			abort();
		}
	}
}

/* component NULL: a host that only takes what is emitted to it. */
static inline void hearth_mock_init(struct hearth_mock *m, const struct hearth_component *c)
{
	struct hearth_host *h = &m->host;

	memset(m, 0, sizeof(*m));
	pthread_mutex_init(&m->lock, NULL);
	m->component = c;
	m->now_ns = 1000 * HEARTH_MOCK_SECOND;
	m->room = UINT32_MAX;
	h->size = sizeof(*h);
	h->abi_minor = HEARTH_ABI_MINOR;
	h->instance = c ? c->name : "mock";
	h->run = "";
	h->label_stride = sizeof(struct hearth_label);
	h->log = hearth_mock_log_;
	h->emit = hearth_mock_emit_;
	h->writable = hearth_mock_writable_;
	h->batch_retain = hearth_mock_retain_;
	h->batch_release = hearth_mock_release_;
	h->count = hearth_mock_count_;
	h->wake = hearth_mock_wake_;
	h->now_ns = hearth_mock_now_;
	h->service = hearth_mock_service_;
	h->once = hearth_mock_once_;
	h->report = hearth_mock_report_;
	h->finished = hearth_mock_finished_;
	h->fail = hearth_mock_fail_;
	h->option_is_set = hearth_mock_option_is_set_;
	h->option_int = hearth_mock_option_int_;
	h->option_string = hearth_mock_option_string_;
	h->option_list = hearth_mock_option_list_;
	h->option_map = hearth_mock_option_map_;
	h->refuse = hearth_mock_refuse_;
	h->set_timer = hearth_mock_set_timer_;
	h->watch_fd = hearth_mock_watch_fd_;
	if (c)
		hearth_mock_read_table_(m, c);
}

/* "name=value" before create() or update(); "name" alone unsets. -EINVAL: the host would refuse. */
static inline int32_t hearth_mock_set(struct hearth_mock *m, const char *setting)
{
	size_t n = strcspn(setting, "=");
	struct hearth_mock_option *o = hearth_mock_find_option_(m, setting, n);

	if (!o)
		return -EINVAL;
	return hearth_mock_parse_(o, setting[n] ? setting + n + 1 : NULL);
}

/* The service is borrowed; `id` as in hearth_host.service. */
static inline void hearth_mock_provide(struct hearth_mock *m, const char *id, const void *service)
{
	m->services = (struct hearth_mock_service *)hearth_mock_grow_(m->services, m->n_services,
								      sizeof(*m->services));
	m->services[m->n_services].id = id;
	m->services[m->n_services++].service = service;
}

/* ---- life ---- */

static inline int32_t hearth_mock_create(struct hearth_mock *m)
{
	int32_t r = m->component->create(&m->host, &m->instance);

	if (r < 0)
		m->instance = NULL;
	return r;
}

static inline int32_t hearth_mock_start(struct hearth_mock *m)
{
	int32_t r = m->component->start ? m->component->start(m->instance) : 0;

	m->is_started = r >= 0;
	return r;
}

/* Feeds a copy that only this call and whoever retains it holds. */
static inline int32_t hearth_mock_feed(struct hearth_mock *m, const struct hearth_batch *b)
{
	struct hearth_mock_batch *copy = hearth_mock_batch_(m, b->schema, b->n_segments, 0);
	uint32_t i;
	int32_t r;

	for (i = 0; i < b->n_segments; i++)
		copy->spans[i] = hearth_mock_span_(b->segments[i].data, b->segments[i].len);
	copy->batch.instance = b->instance;
	copy->batch.run = b->run;
	copy->batch.sequence = b->sequence;
	copy->batch.n_items = b->n_items;
	r = m->component->consume(m->instance, &copy->batch);
	hearth_mock_unref_(copy);
	return r;
}

/* Calls on_wake() if the component asked for it. */
static inline void hearth_mock_run_wakes(struct hearth_mock *m)
{
	while (__atomic_exchange_n(&m->is_woken, 0, __ATOMIC_ACQ_REL))
		if (m->component->on_wake)
			m->component->on_wake(m->instance);
}

/* Moves the clock on by ns and fires the timers on the way, each at its time. */
static inline void hearth_mock_advance(struct hearth_mock *m, uint64_t ns)
{
	uint64_t end = m->now_ns + ns;

	for (;;) {
		uint32_t i, due = HEARTH_MOCK_TIMERS;
		struct hearth_mock_timer *t;

		hearth_mock_run_wakes(m);
		for (i = 0; i < HEARTH_MOCK_TIMERS; i++) {
			t = &m->timers[i];
			if (t->next_ns && t->next_ns <= end &&
			    (due == HEARTH_MOCK_TIMERS || t->next_ns < m->timers[due].next_ns))
				due = i;
		}
		if (due == HEARTH_MOCK_TIMERS)
			break;
		t = &m->timers[due];
		m->now_ns = t->next_ns;
		t->next_ns = t->every_ns ? t->next_ns + t->every_ns : 0;
		m->component->on_timer(m->instance, due);
	}
	m->now_ns = end;
}

/* Lets n emits through (UINT32_MAX: all) and says so, as a host does when its queue has drained. */
static inline void hearth_mock_make_room(struct hearth_mock *m, uint32_t n)
{
	m->room = n;
	if (n && m->component->on_writable)
		m->component->on_writable(m->instance);
}

static inline int32_t hearth_mock_finish(struct hearth_mock *m)
{
	return m->component->finish ? m->component->finish(m->instance) : 0;
}

/* ---- looking ---- */

/* Batch number i that was emitted, or NULL; valid until done() or forget(). */
static inline const struct hearth_batch *hearth_mock_emitted(const struct hearth_mock *m, uint32_t i)
{
	return i < m->n_emitted ? &m->emitted[i]->batch : NULL;
}

static inline void hearth_mock_forget_emitted(struct hearth_mock *m)
{
	while (m->n_emitted)
		hearth_mock_unref_(m->emitted[--m->n_emitted]);
}

static inline uint64_t hearth_mock_counter(const struct hearth_mock *m, const char *name)
{
	uint32_t i;

	for (i = 0; i < m->n_counters; i++)
		if (strcmp(m->counters[i].name, name) == 0)
			return m->counters[i].value;
	return 0;
}

/* The JSON of a report, or NULL. */
static inline const char *hearth_mock_reported(const struct hearth_mock *m, const char *key)
{
	uint32_t i;

	for (i = 0; i < m->n_reports; i++)
		if (strcmp(m->reports[i].key, key) == 0)
			return m->reports[i].json;
	return NULL;
}

/* The first logged line with `part` in it, or NULL. */
static inline const char *hearth_mock_logged(const struct hearth_mock *m, const char *part)
{
	uint32_t i;

	for (i = 0; i < m->n_lines; i++)
		if (strstr(m->lines[i].text, part))
			return m->lines[i].text;
	return NULL;
}

/* The EPOLL* events that an fd is watched for; 0: not watched. */
static inline uint32_t hearth_mock_watched(const struct hearth_mock *m, int32_t fd)
{
	uint32_t i;

	for (i = 0; i < m->n_fds; i++)
		if (m->fds[i].fd == fd)
			return m->fds[i].events;
	return 0;
}

/* ---- end ---- */

static inline void hearth_mock_free_kept_(struct hearth_mock *m)
{
	uint32_t i;

	for (i = 0; i < m->n_lines; i++)
		free(m->lines[i].text);
	for (i = 0; i < m->n_counters; i++)
		free(m->counters[i].name);
	for (i = 0; i < m->n_reports; i++) {
		free(m->reports[i].key);
		free(m->reports[i].json);
	}
	for (i = 0; i < m->n_options; i++)
		hearth_mock_option_done_(&m->options[i]);
	free(m->emitted);
	free(m->lines);
	free(m->counters);
	free(m->reports);
	free(m->services);
	free(m->fds);
	free(m->options);
	free(m->failure);
	free(m->refused);
	free(m->refused_why);
}

/*
 * Stops and destroys the instance if there is one, and frees everything. Returns the number of
 * batches that the component retained and never released: 0 unless it leaks.
 */
static inline int32_t hearth_mock_done(struct hearth_mock *m)
{
	int32_t n_live;

	if (m->instance && m->is_started && m->component->stop)
		m->component->stop(m->instance, m->now_ns + 10 * HEARTH_MOCK_SECOND);
	if (m->instance && m->component->destroy)
		m->component->destroy(m->instance);
	hearth_mock_forget_emitted(m);
	n_live = m->n_live;
	hearth_mock_free_kept_(m);
	pthread_mutex_destroy(&m->lock);
	memset(m, 0, sizeof(*m));
	return n_live;
}

#ifdef __cplusplus
}
#endif
#endif
