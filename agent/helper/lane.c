/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request that times out while the process has it is answered then, but stays `current`: until
 * the process answers or dies, it cannot take another one, and who is to blame must be known.
 */
#include "helper/lane.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "util/clock.h"

struct lane {
	struct lane_options options;
	struct helper_process *process;
	struct request_queue queue;
	struct request *current;
	uint64_t sent_ns, last_id;
	bool is_pumping;
};

static void on_message(void *ctx, struct message *m);
static void on_death(void *ctx, const char *how, int signal);

int lane_new(struct loop *loop, const struct lane_options *options, struct lane **ret)
{
	_cleanup_(lane_freep) struct lane *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	l->options = *options;
	l->options.process.on_message = on_message;
	l->options.process.on_death = on_death;
	l->options.process.ctx = l;
	r = helper_process_new(loop, &l->options.process, &l->process);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(l);
	return 0;
}

struct lane *lane_free(struct lane *l)
{
	struct request *r;

	if (!l)
		return NULL;
	helper_process_free(l->process);
	request_free(l->current);
	while ((r = request_queue_pop(&l->queue)))
		request_free(r);
	free(l);
	return NULL;
}

static const struct lane_stage *stage_of(const struct lane *l, const struct request *r)
{
	return &l->options.stages[r->kind];
}

static const char *name_of(const struct lane *l)
{
	return l->options.process.name;
}

void lane_push(struct lane *l, struct request *r)
{
	request_queue_push(&l->queue, r);
}

bool lane_is_busy(const struct lane *l)
{
	return l->current || l->queue.first;
}

uint64_t lane_ended_cpu_ns(const struct lane *l)
{
	return helper_process_ended_cpu_ns(l->process);
}

pid_t lane_pid(const struct lane *l)
{
	return helper_process_pid(l->process);
}

/* True: the request waits for a restart, and all others behind it. It may also be answered. */
static bool must_wait(struct lane *l, struct request *r, uint64_t retry_ns)
{
	if (retry_ns < r->deadline_ns) {
		request_queue_push_front(&l->queue, r);
		return true;
	}
	request_fail(r, -EAGAIN, "the %s does not stay up, it is started again in %llu s", name_of(l),
		     (unsigned long long)((retry_ns - clock_monotonic_ns()) / NS_PER_S + 1));
	request_free(r);
	return false;
}

/* False: not now, it waits for the next process. */
static bool send_request(struct lane *l, struct request *r)
{
	struct message_header header = { .id = ++l->last_id };
	int k;

	r->id = header.id;
	k = stage_of(l, r)->send(l->options.ctx, r, l->process, &header);
	if (k == -EPIPE || k == -ECONNRESET) {
		/* It has died, and nothing was asked yet: on_death pumps again. */
		request_queue_push_front(&l->queue, r);
		return false;
	}
	if (k < 0) {
		request_fail(r, k, "the %s cannot be asked: %s", name_of(l), strerrordesc_np(-k));
		request_free(r);
		return true;
	}
	l->current = r;
	l->sent_ns = clock_monotonic_ns();
	return true;
}

void lane_pump(struct lane *l)
{
	uint64_t retry_ns = 0;
	struct request *r;

	if (l->is_pumping)
		return;
	l->is_pumping = true;
	while (!l->current && (r = request_queue_pop(&l->queue))) {
		if (!stage_of(l, r)->prepare(l->options.ctx, r))
			continue;
		if (helper_process_ensure(l->process, &retry_ns) == 0 ? !send_request(l, r)
								       : must_wait(l, r, retry_ns))
			break;
	}
	l->is_pumping = false;
}

static void on_message(void *ctx, struct message *m)
{
	struct lane *l = ctx;
	struct request *r = l->current;

	if (!r || m->header.id != r->id) {
		helper_process_kill(l->process, "answered what it was not asked");
		return;
	}
	if (!stage_of(l, r)->receive(l->options.ctx, r, m))
		return;
	l->current = NULL;
	if (l->options.is_for_one)
		helper_process_retire(l->process);
	lane_pump(l);
}

/*
 * SIGKILL comes from outside (an operator, the OOM killer): what was asked is not to blame. Any
 * other end is its own, so the file it was reading is not sent again for a while.
 */
static void on_death(void *ctx, const char *how, int signal)
{
	struct lane *l = ctx;
	struct request *r = TAKE_PTR(l->current);

	if (r) {
		if (signal != SIGKILL && stage_of(l, r)->blame)
			stage_of(l, r)->blame(l->options.ctx, r, how);
		request_fail(r, -ECONNRESET, "the %s %s and was restarted", name_of(l), how);
		request_free(r);
	}
	lane_pump(l);
}

static void expire(struct lane *l, uint64_t now_ns)
{
	struct request_queue expired = {};
	struct request *r;

	request_queue_expire(&l->queue, now_ns, &expired);
	while ((r = request_queue_pop(&expired))) {
		request_fail(r, -ETIMEDOUT, lane_pid(l) ? "the %s was busy for 2 s"
						       : "the %s does not run, the log says why",
			     name_of(l));
		request_free(r);
	}
	if (l->current && now_ns >= l->current->deadline_ns)
		request_fail(l->current, -ETIMEDOUT, "the %s did not answer within 2 s", name_of(l));
}

void lane_finish(struct lane *l, uint64_t deadline_ns)
{
	for (;;) {
		uint64_t now = clock_monotonic_ns();

		lane_pump(l);
		if (!l->current || now >= deadline_ns)
			return;
		helper_process_wait(l->process, (int)((deadline_ns - now) / NS_PER_MS) + 1);
	}
}

void lane_tick(struct lane *l, uint64_t now_ns)
{
	char how[64];

	if (l->current && now_ns - l->sent_ns >= l->options.hang_ns) {
		snprintf(how, sizeof(how), "did not answer for %llu ms",
			 (unsigned long long)(l->options.hang_ns / NS_PER_MS));
		request_fail(l->current, -ETIMEDOUT, "the %s %s", name_of(l), how);
		helper_process_kill(l->process, how);
	}
	expire(l, now_ns);
	lane_pump(l);
}
