/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timeline between rings, a /proc and an inspector of the test's own. Include after cmocka.h;
 * each test program uses a part of it.
 */
#pragma once

#include <elf.h>
#include <string.h>

#include <hearth/mock.h>
#include <hearth/profile.h>

#include "common/cleanup.h"
#include "test_proc_tree.h"
#include "test_rings.h"
#include "timeline.h"

#define S HEARTH_MOCK_SECOND

struct world {
	struct hearth_mock host;
	struct proc_tree tree;
	struct fake_samples samples;
	struct event_rings events;
	struct timeline timeline;
	uint64_t sequence[2];
};

/* An inspector that answers when the test says so. */
struct question {
	hearth_inspected_fn fn;
	void *ctx;
	char path[64];
	int32_t pid;
};

static struct {
	struct question questions[8];
	size_t n;
} inspector;

static inline int32_t inspect_open(const struct hearth_host *h,
				   const struct hearth_inspect_target *t,
				   hearth_inspected_fn fn, void *ctx)
{
	struct question *q = &inspector.questions[inspector.n++];

	(void)h;
	q->fn = fn;
	q->ctx = ctx;
	snprintf(q->path, sizeof(q->path), "%s", t->path);
	q->pid = t->pid;
	return 0;
}

static const struct hearth_inspect inspect_service = {
	.size = sizeof(inspect_service), .open = inspect_open,
};

/* Text at 0x1000 in the file, 0x401000 in memory. */
static inline void answer(size_t i)
{
	static const struct hearth_elf_load loads[] = {
		{ .offset = 0, .file_size = 0x800, .vaddr = 0x400000, .flags = PF_R },
		{ .offset = 0x1000, .file_size = 0x3000, .vaddr = 0x401000, .flags = PF_R | PF_X },
	};
	struct hearth_inspected a = {
		.size = sizeof(a), .handle = 7, .file_size = 12345,
		.build_id = (const uint8_t *)"abcdefghijklmnopqrst", .build_id_len = 20,
		.loads = loads, .n_loads = 2, .load_stride = sizeof(loads[0]),
	};

	inspector.questions[i].fn(inspector.questions[i].ctx, &a);
}

static inline void refuse(size_t i, int32_t status, const char *cause)
{
	struct hearth_inspected a = { .size = sizeof(a), .status = status, .cause = cause };

	inspector.questions[i].fn(inspector.questions[i].ctx, &a);
}

static inline struct world *world_new(const struct hearth_inspect *inspect)
{
	struct world *w = calloc(1, sizeof(*w));
	struct timeline_setup setup = {
		.samples = &w->samples.ring, .events = &w->events, .proc_root = w->tree.root,
		.n_cpus = 2, .window_ns = 10 * S, .period_ns = 1000,
	};

	inspector.n = 0;
	hearth_mock_init(&w->host, NULL);
	w->host.now_ns = 1005 * S;
	if (inspect)
		hearth_mock_provide(&w->host, HEARTH_INSPECT_SERVICE, inspect);
	proc_tree_init(&w->tree);
	fake_samples_init(&w->samples);
	assert_int_equal(event_rings_add(&w->events, fake_event_ring(0)), 0);
	assert_int_equal(event_rings_add(&w->events, fake_event_ring(1)), 0);
	setup.host = &w->host.host;
	assert_int_equal(timeline_init(&w->timeline, &setup), 0);
	proc_tree_add(&w->tree, 100, 1, "bash", 50, 0x7000,
		      "7000-9000 r-xp 00001000 08:01 11 /bin/bash\n");
	return w;
}

static inline void world_free(struct world *w)
{
	timeline_done(&w->timeline);
	event_rings_done(&w->events);
	proc_tree_done(&w->tree);
	assert_int_equal(hearth_mock_done(&w->host), 0);
	free(w);
}

static inline int set_up(void **state)
{
	*state = world_new(NULL);
	return 0;
}

static inline int set_up_inspected(void **state)
{
	*state = world_new(&inspect_service);
	return 0;
}

static inline int tear_down(void **state)
{
	world_free(*state);
	return 0;
}

struct taken {
	uint64_t time_ns;
	uint32_t pid, cpu, n_kernel, n_user, flags;
	uint64_t addresses[4];
};

static inline void sample(struct world *w, struct taken t)
{
	struct sample_record s = {
		.time_ns = t.time_ns, .sequence = ++w->sequence[t.cpu], .cpu = t.cpu,
		.start_time_ns = 500000000, .pid = t.pid, .tid = t.pid, .comm = "thread",
		.n_kernel = (uint8_t)t.n_kernel, .n_user = (uint8_t)t.n_user,
		.flags = (uint16_t)t.flags,
	};

	fake_sample(&w->samples, &s, t.addresses);
}

static inline void sample_at(struct world *w, uint64_t time, uint32_t pid, uint64_t pc)
{
	sample(w, (struct taken){ .time_ns = time, .pid = pid, .n_user = 2,
				  .flags = SAMPLE_USER_END, .addresses = { pc, 0x7010 } });
}

static inline void mmap_at(struct world *w, size_t ring, uint64_t time, uint32_t pid,
			   uint64_t start, uint64_t inode, const char *path)
{
	struct fake_record r;

	fake_mmap_record(&r, pid, start, 0x2000, inode, path, time);
	fake_write(w->events.rings[ring], &r);
}

static inline void exec_at(struct world *w, size_t ring, uint64_t time, uint32_t pid,
			   const char *comm)
{
	struct fake_record r;

	fake_comm_record(&r, PERF_RECORD_MISC_COMM_EXEC, pid, comm, time);
	fake_write(w->events.rings[ring], &r);
}

static inline void open_batch(struct world *w, uint32_t i, struct hearth_flat *f)
{
	assert_true(i < w->host.n_emitted);
	memset(f, 0, sizeof(*f));
	assert_int_equal(hearth_profile_open(f, hearth_mock_emitted(&w->host, i)), 0);
}

static inline struct hearth_frame leaf_of(const struct hearth_flat *f, uint64_t sample)
{
	struct hearth_stack s = hearth_profile_stack(f, hearth_profile_sample(f, sample).stack);

	return hearth_profile_frame(f, hearth_profile_stack_frame(f, &s, 0));
}

static inline const char *binary_of(const struct hearth_flat *f, struct hearth_frame frame)
{
	return hearth_flat_string(f, hearth_profile_binary(f, frame.binary).path);
}

static inline uint64_t loss_of(const struct hearth_flat *f, uint32_t kind, const char *cause)
{
	for (uint64_t i = 0; i < hearth_flat_count(f, HEARTH_PROFILE_LOSSES); i++) {
		struct hearth_loss l = hearth_profile_loss(f, i);

		if (l.kind == kind && strcmp(hearth_flat_string(f, l.cause), cause) == 0)
			return l.count;
	}
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define INSPECTED(name) cmocka_unit_test_setup_teardown(name, set_up_inspected, tear_down)
