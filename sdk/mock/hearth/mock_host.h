/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of a mock host, as its component calls them. Include hearth/mock.h. */
#ifndef HEARTH_MOCK_HOST_H
#define HEARTH_MOCK_HOST_H

#include <hearth/mock_batch.h>

#ifdef __cplusplus
extern "C" {
#endif

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
		m->counters = (struct hearth_mock_count *)hearth_mock_grow_(
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
#endif
