/* SPDX-License-Identifier: Apache-2.0 */
/* What a mock host holds. Include hearth/mock.h. */
#ifndef HEARTH_MOCK_STATE_H
#define HEARTH_MOCK_STATE_H

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

struct hearth_mock_count {
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
	struct hearth_mock_count *counters;
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

#ifdef __cplusplus
}
#endif
#endif
