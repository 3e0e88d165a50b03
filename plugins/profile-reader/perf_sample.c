/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of fixed length are where the layout says; those of variable length are walked over one by
 * one, up to the last that is wanted.
 */
#include "perf_sample.h"

#include <errno.h>

#include <hearth/profile.h>

/* Bits of perf_event_attr.branch_sample_type that change the layout; newer than Debian's headers. */
enum { BRANCH_HW_INDEX = 1 << 17, BRANCH_COUNTERS = 1 << 19 };
enum { READ_FORMAT_LOST = 1 << 4 };

static uint64_t u64_at(const uint8_t *body, int16_t place)
{
	uint64_t v = 0;

	if (place >= 0)
		memcpy(&v, body + place, sizeof(v));
	return v;
}

static void pass_array(struct perf_bytes *b, uint64_t n, uint64_t unit)
{
	(void)perf_take(b, n > perf_bytes_left(b) / unit ? UINT64_MAX : n * unit);
}

static void pass_read(struct perf_bytes *b, uint64_t format)
{
	uint64_t each = 1 + !!(format & PERF_FORMAT_ID) + !!(format & READ_FORMAT_LOST);
	uint64_t once = !!(format & PERF_FORMAT_TOTAL_TIME_ENABLED) +
			!!(format & PERF_FORMAT_TOTAL_TIME_RUNNING);
	uint64_t n = format & PERF_FORMAT_GROUP ? perf_take_u64(b) : 1;

	pass_array(b, once, sizeof(uint64_t));
	pass_array(b, n, each * sizeof(uint64_t));
}

static void pass_branches(struct perf_bytes *b, uint64_t branch_type)
{
	uint64_t n = perf_take_u64(b);

	pass_array(b, branch_type & BRANCH_HW_INDEX ? 1 : 0, sizeof(uint64_t));
	pass_array(b, n, sizeof(struct perf_branch_entry));
	pass_array(b, branch_type & BRANCH_COUNTERS ? n : 0, sizeof(uint64_t));
}

static void take_chain(struct perf_bytes *b, struct perf_sample *s)
{
	s->n_chain = perf_take_u64(b);
	s->chain = b->at;
	pass_array(b, s->n_chain, sizeof(uint64_t));
}

static void take_regs(struct perf_bytes *b, uint64_t mask, struct perf_user_regs *ret)
{
	ret->abi = perf_take_u64(b);
	ret->mask = mask;
	ret->values = b->at;
	if (ret->abi)
		pass_array(b, (uint64_t)__builtin_popcountll(mask), sizeof(uint64_t));
}

static void take_stack(struct perf_bytes *b, struct perf_user_stack *ret)
{
	uint64_t room = perf_take_u64(b), valid;

	if (room == 0)
		return;
	ret->data = perf_take(b, room);
	valid = perf_take_u64(b);
	ret->size = valid < room ? valid : room;
}

/* What comes behind the stack (weights, data addresses, AUX, …) has no place in a profile. */
static void take_variable(struct perf_bytes *b, const struct perf_event *e, struct perf_sample *s)
{
	if (e->sample_type & PERF_SAMPLE_READ)
		pass_read(b, e->read_format);
	if (e->sample_type & PERF_SAMPLE_CALLCHAIN)
		take_chain(b, s);
	if (e->sample_type & PERF_SAMPLE_RAW)
		(void)perf_take(b, perf_take_u32(b));
	if (e->sample_type & PERF_SAMPLE_BRANCH_STACK)
		pass_branches(b, e->branch_type);
	if (e->sample_type & PERF_SAMPLE_REGS_USER)
		take_regs(b, e->regs_user, &s->regs);
	if (e->sample_type & PERF_SAMPLE_STACK_USER)
		take_stack(b, &s->stack);
}

int perf_sample_parse(const struct perf_event *e, uint16_t misc, const uint8_t *body, uint64_t len,
		      struct perf_sample *ret)
{
	const struct perf_layout *l = &e->layout;
	struct perf_bytes rest;
	uint64_t task;

	if (len < (uint64_t)l->variable)
		return -EBADMSG;
	task = l->tid < 0 ? UINT64_MAX : u64_at(body, l->tid);
	*ret = (struct perf_sample){
		.event = e,
		.misc = misc,
		.ip = u64_at(body, l->ip),
		.pid = (uint32_t)task,
		.tid = (uint32_t)(task >> 32),
		.time_ns = u64_at(body, l->time),
		.address = u64_at(body, l->addr),
		.cpu = l->cpu < 0 ? HEARTH_NO_CPU : (uint32_t)u64_at(body, l->cpu),
		.period = l->period < 0 ? e->period : u64_at(body, l->period),
	};
	rest = perf_bytes_of(body + l->variable, len - (uint64_t)l->variable);
	take_variable(&rest, e, ret);
	return rest.is_short ? -EBADMSG : 0;
}
