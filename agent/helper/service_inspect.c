/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the answers on the main thread to the mailbox of the instance that asked. The mailbox is
 * held by reference: an answer may come when its instance is gone, and is dropped there.
 */
#include "helper/service_inspect.h"

#include <errno.h>
#include <stdlib.h>

#include "helper/helpers.h"
#include "plugin/instance.h"
#include "route/queue.h"

struct question {
	struct queue *mailbox;
	hearth_inspected_fn inspected;
	hearth_named_fn named;
	hearth_unwound_fn unwound;
	void *ctx;
	struct helper_answer *answer;
};

static struct question *question_free(struct question *q)
{
	if (!q)
		return NULL;
	queue_unref(q->mailbox);
	free(q->answer);
	free(q);
	return NULL;
}

DEFINE_CLEANUP(struct question *, question_free)

static struct question *question_new(const struct hearth_host *h, void *ctx)
{
	struct question *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->mailbox = queue_ref(instance_inbox(instance_from_host(h)));
	q->ctx = ctx;
	return q;
}

static void drop(void *ctx)
{
	question_free(ctx);
}

/* On the instance's thread. */
static void deliver(void *ctx)
{
	struct question *q = ctx;

	if (q->inspected)
		q->inspected(q->ctx, &q->answer->inspected);
	else if (q->unwound)
		q->unwound(q->ctx, &q->answer->unwound);
	else
		q->named(q->ctx, &q->answer->named);
	question_free(q);
}

/* The queue may close while it takes the call: it then drops q, so the reference is held here. */
static void on_answer(void *ctx, struct helper_answer *answer)
{
	struct question *q = ctx;
	_cleanup_(queue_unrefp) struct queue *mailbox = queue_ref(q->mailbox);

	q->answer = answer;
	queue_call(mailbox, deliver, drop, q);
}

static struct helpers *helpers_of(const struct hearth_host *h)
{
	return instance_env(instance_from_host(h))->helpers;
}

static int32_t service_open(const struct hearth_host *h, const struct hearth_inspect_target *t,
			    hearth_inspected_fn fn, void *ctx)
{
	_cleanup_(question_freep) struct question *q = question_new(h, ctx);
	int r;

	if (!q)
		return -ENOMEM;
	q->inspected = fn;
	r = helpers_open(helpers_of(h), t, on_answer, q);
	if (r == 0)
		(void)TAKE_PTR(q);
	return r;
}

static int32_t service_open_recorded(const struct hearth_host *h,
				     const struct hearth_inspect_recorded *t,
				     hearth_inspected_fn fn, void *ctx)
{
	_cleanup_(question_freep) struct question *q = question_new(h, ctx);
	int r;

	if (!q)
		return -ENOMEM;
	q->inspected = fn;
	r = helpers_open_recorded(helpers_of(h), t, on_answer, q);
	if (r == 0)
		(void)TAKE_PTR(q);
	return r;
}

static int32_t service_names(const struct hearth_host *h, uint64_t handle,
			     const uint64_t *addresses, uint32_t n, hearth_named_fn fn, void *ctx)
{
	_cleanup_(question_freep) struct question *q = question_new(h, ctx);
	int r;

	if (!q)
		return -ENOMEM;
	q->named = fn;
	r = helpers_names(helpers_of(h), handle, addresses, n, on_answer, q);
	if (r == 0)
		(void)TAKE_PTR(q);
	return r;
}

static int32_t service_kernel(const struct hearth_host *h, const uint64_t *addresses, uint32_t n,
			      hearth_named_fn fn, void *ctx)
{
	_cleanup_(question_freep) struct question *q = question_new(h, ctx);
	int r;

	if (!q)
		return -ENOMEM;
	q->named = fn;
	r = helpers_kernel(helpers_of(h), addresses, n, on_answer, q);
	if (r == 0)
		(void)TAKE_PTR(q);
	return r;
}

static int32_t service_unwind(const struct hearth_host *h,
			      const struct hearth_unwind_request *request, hearth_unwound_fn fn,
			      void *ctx)
{
	_cleanup_(question_freep) struct question *q = question_new(h, ctx);
	int r;

	if (!q)
		return -ENOMEM;
	q->unwound = fn;
	r = helpers_unwind(helpers_of(h), request, on_answer, q);
	if (r == 0)
		(void)TAKE_PTR(q);
	return r;
}

const struct hearth_inspect service_inspect = {
	.size = sizeof(struct hearth_inspect),
	.open = service_open,
	.names = service_names,
	.kernel = service_kernel,
	.open_recorded = service_open_recorded,
	.unwind = service_unwind,
};
