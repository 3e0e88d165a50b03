/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses → functions, files and lines.
 *
 * The symbolizer parses nothing: it asks the inspector, a helper process, and waits for at most
 * two seconds. A window goes out when its last answer has come or its time is up, in the order
 * in which windows came in; answers that come later still fill the cache.
 */
#include <errno.h>
#include <stdlib.h>

#include <hearth/inspect.h>
#include <hearth/profile.h>

#include "common/cleanup.h"
#include "common/json_text.h"
#include "common/say.h"
#include "cache.h"
#include "stripped.h"
#include "window.h"

#define ANSWER_NS (2ull * 1000 * 1000 * 1000)

enum {
	ASK_AT_ONCE = 4096, /* of hearth/inspect.h */
	MAX_WINDOWS = 4,    /* in work; what comes on top waits in the mailbox */
	TIMER_DEADLINE = 0,
};

struct symbolizer;

/* Addresses of one file that were asked for. */
struct request {
	struct symbolizer *owner;
	struct window *window; /* NULL: it went out without this answer */
	struct request *next;
	uint64_t handle;
	uint64_t *addresses;
	uint32_t *frames;
	uint32_t n;
};

struct symbolizer {
	const struct hearth_host *host;
	const struct hearth_inspect *inspect; /* NULL: this host has no helpers */
	struct cache *cache;
	struct window *head, *tail; /* in order of arrival */
	uint32_t n_windows;
	struct request *requests;
	struct stripped stripped;
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

static struct request *request_free(struct request *q)
{
	if (!q)
		return NULL;
	free(q->addresses);
	free(q->frames);
	free(q);
	return NULL;
}
DEFINE_CLEANUP(struct request *, request_free)

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
	*ret = s;
	return 0;
}

static int32_t symbolizer_start(void *instance)
{
	struct symbolizer *s = instance;

	s->inspect = s->host->service(s->host, HEARTH_INSPECT_SERVICE);
	if (!s->inspect)
		say(s->host, HEARTH_LOG_WARNING, "this host runs no helpers, so nothing gets a name");
	return 0;
}

static void arm_deadline(struct symbolizer *s)
{
	uint64_t now = s->host->now_ns(s->host), wait = 0;

	if (s->head && s->head->n_open)
		wait = s->head->deadline_ns > now ? s->head->deadline_ns - now : 1;
	s->host->set_timer(s->host, TIMER_DEADLINE, wait, 0);
}

/* Late answers of this window still fill the cache. */
static void window_abandon_requests(struct symbolizer *s, const struct window *w)
{
	for (struct request *q = s->requests; q; q = q->next)
		if (q->window == w)
			q->window = NULL;
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

/* One line for the end of a run: what to install for the names that are missing. */
static void report_advice(struct symbolizer *s)
{
	_cleanup_(json_text_done) struct json_text j = { .text = NULL };
	_cleanup_free_ char *advice = NULL;

	if (stripped_advice(&s->stripped, "/var/lib/dpkg/info", &advice) < 0 || !advice)
		return;
	json_open(&j, '[');
	json_put_string(&j, advice);
	json_close(&j, ']');
	if (!j.error)
		s->host->report(s->host, "advice", j.text);
}

/* Emits what is complete, oldest first. */
static void drain(struct symbolizer *s)
{
	while (s->head && s->head->n_open == 0) {
		int32_t r = window_emit(s->head);

		if (r == -EAGAIN)
			return;
		if (r < 0)
			say(s->host, HEARTH_LOG_ERROR, "a window of %llu samples is lost: %s",
			    (unsigned long long)s->head->batch->n_items, strerror(-r));
		remove_head(s);
	}
	arm_deadline(s);
	if (!s->head && s->is_finishing) {
		s->is_finishing = false;
		report_advice(s);
		s->host->finished(s->host);
	}
}

static void request_unlink(struct symbolizer *s, struct request *q)
{
	struct request **p = &s->requests;

	while (*p != q)
		p = &(*p)->next;
	*p = q->next;
}

/* Rows of an answer by its strides: the other side may know more fields, or fewer. */
static void row_copy(void *row, size_t size, const void *rows, uint32_t stride, uint64_t i)
{
	memset(row, 0, size);
	memcpy(row, (const char *)rows + i * stride, stride < size ? stride : size);
}

static void take_symbol(struct symbolizer *s, const struct request *q,
			const struct hearth_named *a, uint32_t i)
{
	struct hearth_symbol symbol = { .cause = a->cause ? a->cause : "no answer" };
	_cleanup_free_ struct hearth_symbol_line *lines = NULL;

	if (a->status >= 0 && i < a->n_symbols)
		row_copy(&symbol, sizeof(symbol), a->symbols, a->symbol_stride, i);
	if (symbol.n_lines) {
		if ((uint64_t)symbol.first_line + symbol.n_lines > a->n_lines)
			return;
		lines = calloc(symbol.n_lines, sizeof(*lines));
		if (!lines)
			return;
	}
	for (uint32_t k = 0; k < symbol.n_lines; k++)
		row_copy(&lines[k], sizeof(*lines), a->lines, a->line_stride, symbol.first_line + k);
	if (a->status >= 0 && i < a->n_symbols)
		cache_put(s->cache, q->handle, q->addresses[i], &symbol, lines);
	if (q->window)
		window_name(q->window, q->frames[i], &symbol, lines);
}

static void on_names(void *ctx, const struct hearth_named *a)
{
	_cleanup_(request_freep) struct request *q = ctx;
	struct symbolizer *s = q->owner;

	request_unlink(s, q);
	cache_trim(s->cache, s->host->now_ns(s->host));
	for (uint32_t i = 0; i < q->n; i++)
		take_symbol(s, q, a, i);
	if (!q->window || --q->window->n_open)
		return;
	window_give_up(q->window, "no answer");
	drain(s);
}

static int request_new(struct symbolizer *s, struct window *w, const struct wanted *wanted,
		       uint32_t n, struct request **ret)
{
	_cleanup_(request_freep) struct request *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	q->owner = s;
	q->window = w;
	q->handle = wanted[0].handle;
	q->n = n;
	q->addresses = calloc(n, sizeof(*q->addresses));
	q->frames = calloc(n, sizeof(*q->frames));
	if (!q->addresses || !q->frames)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		q->addresses[i] = wanted[i].address;
		q->frames[i] = wanted[i].frame;
	}
	*ret = TAKE_PTR(q);
	return 0;
}

static int ask(struct symbolizer *s, struct window *w, const struct wanted *wanted, uint32_t n)
{
	_cleanup_(request_freep) struct request *q = NULL;
	const struct hearth_inspect *inspect = s->inspect;
	int r;

	r = request_new(s, w, wanted, n, &q);
	if (r < 0)
		return r;
	/* The answer may come before the call returns. */
	q->next = s->requests;
	s->requests = q;
	w->n_open++;
	r = q->handle == CACHE_KERNEL ?
		inspect->kernel(s->host, q->addresses, n, on_names, q) :
		inspect->names(s->host, q->handle, q->addresses, n, on_names, q);
	if (r < 0) {
		request_unlink(s, q);
		w->n_open--;
		return r;
	}
	q = NULL;
	s->host->count(s->host, "addresses_asked", n);
	return 0;
}

/* One request per file, or several where a file has more addresses than one may hold. */
static void ask_all(struct symbolizer *s, struct window *w)
{
	uint32_t first = 0, end;

	for (; first < w->n_wanted; first = end) {
		for (end = first + 1; end < w->n_wanted && end - first < ASK_AT_ONCE; end++)
			if (w->wanted[end].handle != w->wanted[first].handle)
				break;
		if (ask(s, w, w->wanted + first, end - first) < 0)
			s->host->count(s->host, "requests_refused", 1);
	}
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
	r = window_new(s->host, b, s->cache, &s->stripped, &w);
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
	if (s->inspect)
		ask_all(s, w);
	if (--w->n_open == 0)
		window_give_up(w, s->inspect ? "helper is busy" : "no helper runs");
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
		window_abandon_requests(s, w);
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
	report_advice(s);
	return 0;
}

static void symbolizer_destroy(void *instance)
{
	struct symbolizer *s = instance;

	while (s->head)
		remove_head(s);
	while (s->requests) {
		struct request *q = s->requests;

		s->requests = q->next;
		request_free(q);
	}
	cache_free(s->cache);
	stripped_done(&s->stripped);
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
