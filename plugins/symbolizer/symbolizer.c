/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses → functions, files and lines.
 *
 * The symbolizer parses nothing: it asks the inspector, a helper process, and waits for at most
 * two seconds. A window goes out when its last answer has come or its time is up, in the order
 * in which windows came in; answers that come later still fill the cache.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/inspect.h>
#include <hearth/profile.h>

#include "common/cleanup.h"
#include "common/json_text.h"
#include "common/say.h"
#include "cache.h"
#include "requests.h"
#include "stripped.h"
#include "window.h"

#define ANSWER_NS (2ull * 1000 * 1000 * 1000)

enum {
	RUNTIMES_NAMED = 3,
	MAX_WINDOWS = 4, /* in work; what comes on top waits in the mailbox */
	TIMER_DEADLINE = 0,
};

struct symbolizer {
	const struct hearth_host *host;
	struct cache *cache;
	struct requests requests;
	struct window *head, *tail; /* in order of arrival */
	uint32_t n_windows;
	struct missing missing;
	bool is_finishing;
};

static const struct hearth_option options[] = {
	{
		.name = "cache_bytes",
		.type = HEARTH_BYTES,
		.def = "4MiB",
		.help = "memory for names that were looked up before",
		.min = 64 << 10,
		.max = 1ll << 30,
	},
};

static void arm_deadline(struct symbolizer *s)
{
	uint64_t now = s->host->now_ns(s->host), wait = 0;

	if (s->head && s->head->n_open)
		wait = s->head->deadline_ns > now ? s->head->deadline_ns - now : 1;
	s->host->set_timer(s->host, TIMER_DEADLINE, wait, 0);
}

static void remove_head(struct symbolizer *s)
{
	struct window *w = s->head;

	s->head = w->next;
	if (!s->head)
		s->tail = NULL;
	s->n_windows--;
	window_free(w);
}

static void put_package_advice(struct symbolizer *s, struct json_text *j)
{
	_cleanup_free_ char *advice = NULL;

	if (stripped_advice(&s->missing.stripped, "/var/lib/dpkg/info", &advice) == 0 && advice)
		json_put_string(j, advice);
}

static void put_runtime_advice(struct symbolizer *s, struct json_text *j)
{
	for (uint32_t i = 0; i < RUNTIMES_NAMED; i++) {
		_cleanup_free_ char *advice = NULL;

		if (runtimes_advice(&s->missing.runtimes, i, &advice) < 0 || !advice)
			return;
		json_put_string(j, advice);
	}
}

/* Lines for the end of a run: what to do for the names that are missing. */
static void report_advice(struct symbolizer *s)
{
	_cleanup_(json_text_done) struct json_text j = { .text = NULL };

	json_open(&j, '[');
	put_runtime_advice(s, &j);
	put_package_advice(s, &j);
	json_close(&j, ']');
	if (!j.error && strcmp(j.text, "[]") != 0)
		s->host->report(s->host, "advice", j.text);
}

/* What the unnamed frames are a part of. */
static void report_frames(struct symbolizer *s)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)s->missing.stripped.n_frames);
	s->host->report(s->host, "frames.total", text);
	report_advice(s);
}

static void give_up(struct symbolizer *s, uint64_t n_samples, int32_t r)
{
	const char *cause = r == -ENOMEM ? "out of memory" : "cannot be emitted";
	char counter[64];

	snprintf(counter, sizeof(counter), "samples_lost.%s", cause);
	s->host->count(s->host, counter, n_samples);
	say(s->host, HEARTH_LOG_ERROR, "a window of %llu samples is lost: %s (%s)",
	    (unsigned long long)n_samples, cause, strerror(-r));
}

/* Emits what is complete, oldest first. */
static void drain(struct symbolizer *s)
{
	while (s->head && s->head->n_open == 0) {
		int32_t r = window_emit(s->head);

		if (r == -EAGAIN)
			return;
		if (r < 0)
			give_up(s, s->head->batch->n_items, r);
		remove_head(s);
	}
	arm_deadline(s);
	if (!s->head && s->is_finishing) {
		s->is_finishing = false;
		report_frames(s);
		s->host->finished(s->host);
	}
}

static void on_complete(void *ctx, struct window *w)
{
	window_give_up(w, "no answer");
	drain(ctx);
}

static int32_t symbolizer_create(const struct hearth_host *h, void **ret)
{
	struct symbolizer *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->host = h;
	r = cache_new((size_t)h->option_int(h, "cache_bytes"), &s->cache);
	if (r < 0) {
		free(s);
		return r;
	}
	s->requests = (struct requests){
		.host = h,
		.cache = s->cache,
		.on_complete = on_complete,
		.ctx = s,
	};
	*ret = s;
	return 0;
}

static int32_t symbolizer_start(void *instance)
{
	struct symbolizer *s = instance;

	s->requests.inspect = s->host->service(s->host, HEARTH_INSPECT_SERVICE);
	if (!s->requests.inspect)
		say(s->host, HEARTH_LOG_WARNING, "this host runs no helpers: nothing gets a name");
	return 0;
}

static int32_t symbolizer_consume(void *instance, const struct hearth_batch *b)
{
	struct symbolizer *s = instance;
	uint64_t now = s->host->now_ns(s->host);
	struct window *w;
	int r;

	if (s->n_windows >= MAX_WINDOWS)
		return -EAGAIN;
	cache_trim(s->cache, now);
	r = window_new(s->host, b, s->cache, &s->missing, &w);
	if (r < 0)
		return r;
	w->deadline_ns = now + ANSWER_NS;
	w->n_open = 1; /* held back until everything has been asked */
	if (s->tail)
		s->tail->next = w;
	else
		s->head = w;
	s->tail = w;
	s->n_windows++;
	if (s->requests.inspect)
		requests_ask(&s->requests, w);
	if (--w->n_open == 0)
		window_give_up(w, s->requests.inspect ? "helper is busy" : "no helper runs");
	drain(s);
	return 0;
}

static void symbolizer_on_timer(void *instance, uint32_t id)
{
	struct symbolizer *s = instance;
	uint64_t now = s->host->now_ns(s->host);

	(void)id;
	for (struct window *w = s->head; w; w = w->next) {
		if (w->n_open == 0 || w->deadline_ns > now)
			continue;
		requests_abandon(&s->requests, w);
		window_give_up(w, "no answer within 2 s");
		w->n_open = 0;
	}
	drain(s);
}

static void symbolizer_on_writable(void *instance)
{
	drain(instance);
}

static int32_t symbolizer_update(void *instance)
{
	struct symbolizer *s = instance;

	cache_set_limit(s->cache, (size_t)s->host->option_int(s->host, "cache_bytes"));
	return 0;
}

static int32_t symbolizer_finish(void *instance)
{
	struct symbolizer *s = instance;

	drain(s);
	if (s->head) {
		s->is_finishing = true;
		return -EINPROGRESS;
	}
	report_frames(s);
	return 0;
}

static void symbolizer_destroy(void *instance)
{
	struct symbolizer *s = instance;

	while (s->head)
		remove_head(s);
	requests_done(&s->requests);
	cache_free(s->cache);
	stripped_done(&s->missing.stripped);
	runtimes_done(&s->missing.runtimes);
	free(s);
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_PROCESSOR,
	.name = "symbolizer",
	.summary = "addresses to functions, files and lines, by asking the inspector",
	.accepts = HEARTH_PROFILE_SCHEMA,
	.emits = HEARTH_PROFILE_SCHEMA,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.option_stride = sizeof(options[0]),
	.create = symbolizer_create,
	.start = symbolizer_start,
	.consume = symbolizer_consume,
	.on_timer = symbolizer_on_timer,
	.on_writable = symbolizer_on_writable,
	.update = symbolizer_update,
	.finish = symbolizer_finish,
	.destroy = symbolizer_destroy,
};

static const struct hearth_component *const components[] = { &component, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.abi_minor = 0,
	.name = "symbolizer",
	.version = HEARTH_VERSION,
	.license = "Apache-2.0",
	.components = components,
};
