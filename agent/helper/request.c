/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and the singly linked queues that they wait in. */
#include "helper/request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/answer.h"
#include "helper/protocol.h"
#include "util/cleanup.h"
#include "util/clock.h"

/* Less than the 2 s of the contract by one tick of the timer that looks at it (lane.c). */
#define DEADLINE_NS (2 * NS_PER_S - 100 * NS_PER_MS)

int request_new(enum request_kind kind, struct request **ret)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->failure = answer_new_failure();
	if (!r->failure) {
		free(r);
		return -ENOMEM;
	}
	r->kind = kind;
	r->debug_fd = r->samples_fd = -1;
	r->deadline_ns = clock_monotonic_ns() + DEADLINE_NS;
	r->bytes = sizeof(*r) + sizeof(*r->failure) + HELPER_MAX_CAUSE;
	*ret = r;
	return 0;
}

int request_set_target(struct request *r, const struct hearth_inspect_target *target)
{
	size_t size = target->size < sizeof(r->target) ? target->size : sizeof(r->target);

	memcpy(&r->target, target, size);
	r->text = strdup(target->path);
	if (!r->text)
		return -ENOMEM;
	r->target.path = r->text;
	r->bytes += strlen(r->text) + 1;
	return 0;
}

/* Its debug file is looked for as if we ourselves mapped it. */
int request_set_recorded(struct request *r, const struct hearth_inspect_recorded *recorded)
{
	struct hearth_inspect_target target = {
		.size = sizeof(target),
		.pid = getpid(),
		.path = recorded->path,
	};

	if (HEARTH_HAS(recorded, kernel_text))
		r->recorded.kernel_text = recorded->kernel_text;
	r->recorded.build_id_len = recorded->build_id_len;
	if (recorded->build_id_len > 0)
		memcpy(r->recorded.build_id, recorded->build_id, recorded->build_id_len);
	return request_set_target(r, &target);
}

int request_set_addresses(struct request *r, uint64_t handle, const uint64_t *addresses, uint32_t n)
{
	uint64_t *words = calloc((size_t)n + 1, sizeof(*words));

	if (!words)
		return -ENOMEM;
	words[0] = handle;
	memcpy(words + 1, addresses, n * sizeof(*words));
	r->handle = handle;
	r->addresses = words + 1;
	r->n_addresses = n;
	r->bytes += ((size_t)n + 1) * sizeof(*words);
	return 0;
}

struct request *request_free(struct request *r)
{
	if (!r)
		return NULL;
	request_fail(r, -ECANCELED, "the agent is stopping");
	if (r->bytes_under_way)
		__atomic_sub_fetch(r->bytes_under_way, r->bytes, __ATOMIC_RELAXED);
	free(r->failure);
	free(r->fallback);
	closep(&r->debug_fd);
	closep(&r->samples_fd);
	free(r->wanted);
	symbol_entry_free(r->entry);
	if (r->addresses)
		free(r->addresses - 1);
	buf_done(&r->records);
	free(r->text);
	free(r);
	return NULL;
}

void request_answer(struct request *r, struct helper_answer *a)
{
	helper_answer_fn fn = r->fn;

	r->fn = NULL;
	if (fn)
		fn(r->ctx, a);
	else
		free(a);
}

void request_fail(struct request *r, int status, const char *format, ...)
{
	char cause[HELPER_MAX_CAUSE];
	va_list args;

	if (!r->fn)
		return;
	if (r->fallback) {
		request_answer(r, TAKE_PTR(r->fallback));
		return;
	}
	va_start(args, format);
	vsnprintf(cause, sizeof(cause), format, args);
	va_end(args);
	answer_fail(r->failure, status, cause);
	request_answer(r, TAKE_PTR(r->failure));
}

void request_queue_push(struct request_queue *q, struct request *r)
{
	r->next = NULL;
	if (!q->first)
		q->last = &q->first;
	*q->last = r;
	q->last = &r->next;
}

void request_queue_push_front(struct request_queue *q, struct request *r)
{
	if (!q->first)
		q->last = &r->next;
	r->next = q->first;
	q->first = r;
}

struct request *request_queue_pop(struct request_queue *q)
{
	struct request *r = q->first;

	if (!r)
		return NULL;
	q->first = r->next;
	r->next = NULL;
	return r;
}

void request_queue_expire(struct request_queue *q, uint64_t now_ns, struct request_queue *expired)
{
	struct request_queue kept = {};
	struct request *r;

	while ((r = request_queue_pop(q)))
		request_queue_push(now_ns >= r->deadline_ns ? expired : &kept, r);
	while ((r = request_queue_pop(&kept)))
		request_queue_push(q, r);
}
