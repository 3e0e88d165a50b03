/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The summary of a window: what it is of, how much is in it, what is missing. It reads the
 * samples once and no stack, so that it can stay switched on at a few microseconds a window.
 */
#include <errno.h>
#include <stdlib.h>

#include <hearth/profile.h>

#include "common/cleanup.h"
#include "line_internal.h"

enum { TOP_PROCESSES = 10 };

struct top_process {
	uint64_t samples;
	uint32_t process;
};

static const char *loss_kind(uint32_t kind)
{
	switch (kind) {
	case HEARTH_LOSS_SAMPLES:
		return "samples";
	case HEARTH_LOSS_STACKS:
		return "stacks";
	case HEARTH_LOSS_EVENTS:
		return "events";
	case HEARTH_LOSS_NAMES:
		return "names";
	default:
		return "unknown";
	}
}

static void write_info(struct json_text *j, const struct hearth_flat *f)
{
	struct hearth_profile_info info = hearth_profile_info(f);

	line_string(j, "event", f, info.event);
	line_string(j, "sample_type", f, info.sample_type);
	line_string(j, "sample_unit", f, info.sample_unit);
	line_string(j, "period_type", f, info.period_type);
	line_string(j, "period_unit", f, info.period_unit);
	json_member_uint(j, "period", info.period);
	json_put_key(j, "reduced");
	json_put_bool(j, info.flags & HEARTH_PROFILE_REDUCED);
	json_put_key(j, "window");
	json_open(j, '{');
	json_member_uint(j, "start_ns", info.window_start_ns);
	json_member_uint(j, "end_ns", info.window_end_ns);
	json_close(j, '}');
	json_put_key(j, "clock");
	json_open(j, '{');
	json_member_uint(j, "monotonic_ns", info.clock_monotonic_ns);
	json_member_uint(j, "realtime_ns", info.clock_realtime_ns);
	json_close(j, '}');
	json_member_uint(j, "samples_taken", info.samples_taken);
}

static void write_losses(struct json_text *j, const struct hearth_flat *f)
{
	json_put_key(j, "losses");
	json_open(j, '[');
	for (uint64_t i = 0; i < hearth_flat_count(f, HEARTH_PROFILE_LOSSES); i++) {
		struct hearth_loss loss = hearth_profile_loss(f, i);

		json_open(j, '{');
		json_put_key(j, "kind");
		json_put_string(j, loss_kind(loss.kind));
		line_string(j, "cause", f, loss.cause);
		json_member_uint(j, "count", loss.count);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void write_counts(struct json_text *j, const struct hearth_flat *f)
{
	/* Tables whose row 0 means "none" have one row less to show. */
	static const struct {
		const char *name;
		uint32_t id, first;
	} tables[] = {
		{ "samples", HEARTH_PROFILE_SAMPLES, 0 },
		{ "stacks", HEARTH_PROFILE_STACKS, 1 },
		{ "frames", HEARTH_PROFILE_FRAMES, 1 },
		{ "functions", HEARTH_PROFILE_FUNCTIONS, 1 },
		{ "binaries", HEARTH_PROFILE_BINARIES, 1 },
		{ "mappings", HEARTH_PROFILE_MAPPINGS, 1 },
		{ "processes", HEARTH_PROFILE_PROCESSES, 1 },
		{ "threads", HEARTH_PROFILE_THREADS, 1 },
		{ "process_events", HEARTH_PROFILE_EVENTS, 0 },
	};

	json_put_key(j, "counts");
	json_open(j, '{');
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		uint64_t n = hearth_flat_count(f, tables[i].id);

		json_member_uint(j, tables[i].name, n > tables[i].first ? n - tables[i].first : 0);
	}
	json_close(j, '}');
}

static int order_processes(const void *a, const void *b)
{
	const struct top_process *x = a, *y = b;

	if (x->samples != y->samples)
		return x->samples < y->samples ? 1 : -1;
	return (x->process > y->process) - (x->process < y->process);
}

static struct top_process *processes_by_samples(const struct hearth_flat *f, uint64_t n,
						uint64_t *ret_value)
{
	struct top_process *top = calloc(n + 1, sizeof(*top));

	for (uint64_t i = 0; top && i < n; i++)
		top[i].process = (uint32_t)i;
	for (uint64_t i = 0; top && i < hearth_flat_count(f, HEARTH_PROFILE_SAMPLES); i++) {
		struct hearth_sample s = hearth_profile_sample(f, i);
		struct hearth_thread t = hearth_profile_thread(f, s.thread);

		*ret_value += s.value;
		if (t.process < n)
			top[t.process].samples++;
	}
	if (top)
		qsort(top, n, sizeof(*top), order_processes);
	return top;
}

static int write_processes(struct json_text *j, const struct hearth_flat *f)
{
	uint64_t n = hearth_flat_count(f, HEARTH_PROFILE_PROCESSES), value = 0;
	_cleanup_free_ struct top_process *top = processes_by_samples(f, n, &value);

	if (!top)
		return -ENOMEM;
	json_member_uint(j, "value", value);
	json_put_key(j, "top_processes");
	json_open(j, '[');
	for (uint64_t i = 0; i < n && i < TOP_PROCESSES && top[i].samples; i++) {
		struct hearth_process p = hearth_profile_process(f, top[i].process);

		json_open(j, '{');
		json_member_uint(j, "pid", p.pid);
		line_string(j, "comm", f, p.comm);
		line_string(j, "container", f, p.container);
		json_member_uint(j, "samples", top[i].samples);
		json_close(j, '}');
	}
	json_close(j, ']');
	return 0;
}

int line_profile(struct json_text *j, const struct hearth_batch *b, bool with_samples)
{
	struct hearth_flat f;
	int r;

	r = hearth_profile_open(&f, b);
	if (r < 0)
		return r;
	write_info(j, &f);
	write_counts(j, &f);
	write_losses(j, &f);
	r = write_processes(j, &f);
	if (r < 0)
		return r;
	if (with_samples)
		line_samples(j, &f);
	return 0;
}
