/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer may come at once, in two seconds or never, in any order, and after the window that
 * wanted it: so each question is an object of its own that knows what it is for.
 */
#include "requests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_AT_ONCE = 4096 }; /* of hearth/inspect.h */

/* Addresses of one file that were asked for. */
struct request {
	struct requests *owner;
	struct window *window; /* NULL: it went out without this answer */
	struct request *next;
	uint64_t handle;
	uint64_t *addresses;
	uint32_t *frames;
	uint32_t n;
	bool is_code;
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

static int request_new(struct requests *r, struct window *w, const struct wanted *wanted,
		       uint32_t n, struct request **ret)
{
	_cleanup_(request_freep) struct request *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	q->owner = r;
	q->window = w;
	q->handle = wanted[0].handle;
	q->is_code = wanted[0].is_code;
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

static void request_unlink(struct request *q)
{
	struct request **p = &q->owner->head;

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

/*
 * The kernel's own functions stay where they are. Modules come and go, so an address that is one's,
 * or nobody's yet, is asked about again in each window: they are few.
 */
static bool is_lasting(const struct request *q, const struct hearth_symbol *symbol)
{
	if (q->handle != CACHE_KERNEL)
		return !q->is_code;
	return symbol->n_lines > 0 && !symbol->module;
}

static void take_symbol(const struct request *q, const struct hearth_named *a, uint32_t i)
{
	struct hearth_symbol symbol = { .cause = a->cause ? a->cause : "no answer" };
	_cleanup_free_ struct hearth_symbol_line *lines = NULL;
	bool is_answer = a->status >= 0 && i < a->n_symbols;

	if (is_answer)
		row_copy(&symbol, sizeof(symbol), a->symbols, a->symbol_stride, i);
	if ((uint64_t)symbol.first_line + symbol.n_lines > a->n_lines)
		return;
	lines = calloc(symbol.n_lines + (size_t)1, sizeof(*lines));
	if (!lines)
		return;
	for (uint32_t k = 0; k < symbol.n_lines; k++)
		row_copy(&lines[k], sizeof(*lines), a->lines, a->line_stride,
			 symbol.first_line + (uint64_t)k);
	if (is_answer && is_lasting(q, &symbol))
		cache_put(q->owner->cache, q->handle, q->addresses[i], &symbol, lines);
	if (q->window)
		window_name(q->window, q->frames[i], &symbol, lines);
}

static void on_names(void *ctx, const struct hearth_named *a)
{
	_cleanup_(request_freep) struct request *q = ctx;
	struct requests *r = q->owner;

	request_unlink(q);
	cache_trim(r->cache, r->host->now_ns(r->host));
	for (uint32_t i = 0; i < q->n; i++)
		take_symbol(q, a, i);
	if (q->window && --q->window->n_open == 0)
		r->on_complete(r->ctx, q->window);
}

static int ask(struct requests *r, struct window *w, const struct wanted *wanted, uint32_t n)
{
	struct request *q;
	int answer;

	answer = request_new(r, w, wanted, n, &q);
	if (answer < 0)
		return answer;
	q->next = r->head;
	r->head = q;
	w->n_open++;
	answer = q->handle == CACHE_KERNEL ?
		 r->inspect->kernel(r->host, q->addresses, n, on_names, q) :
		 r->inspect->names(r->host, q->handle, q->addresses, n, on_names, q);
	if (answer >= 0) {
		r->host->count(r->host, "addresses_asked", n);
		return 0;
	}
	request_unlink(q);
	request_free(q);
	w->n_open--;
	return answer;
}

void requests_ask(struct requests *r, struct window *w)
{
	uint32_t first = 0, end;

	/* One request per file, or several where a file has more addresses than one may hold. */
	for (; first < w->n_wanted; first = end) {
		for (end = first + 1; end < w->n_wanted && end - first < ASK_AT_ONCE; end++)
			if (w->wanted[end].handle != w->wanted[first].handle)
				break;
		if (ask(r, w, w->wanted + first, end - first) < 0)
			r->host->count(r->host, "requests_refused", 1);
	}
}

void requests_abandon(struct requests *r, const struct window *w)
{
	for (struct request *q = r->head; q; q = q->next)
		if (q->window == w)
			q->window = NULL;
}

void requests_done(struct requests *r)
{
	while (r->head) {
		struct request *q = r->head;

		r->head = q->next;
		request_free(q);
	}
}
