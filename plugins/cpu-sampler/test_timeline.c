/* SPDX-License-Identifier: Apache-2.0 */
/* Samples and events through rings of the test's own, into batches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <elf.h>

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

static int32_t inspect_open(const struct hearth_host *h, const struct hearth_inspect_target *t,
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
static void answer(size_t i)
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

static void refuse(size_t i, int32_t status, const char *cause)
{
	struct hearth_inspected a = { .size = sizeof(a), .status = status, .cause = cause };

	inspector.questions[i].fn(inspector.questions[i].ctx, &a);
}

static struct world *world_new(const struct hearth_inspect *inspect)
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

static void world_free(struct world *w)
{
	timeline_done(&w->timeline);
	event_rings_done(&w->events);
	proc_tree_done(&w->tree);
	assert_int_equal(hearth_mock_done(&w->host), 0);
	free(w);
}

static int set_up(void **state)
{
	*state = world_new(NULL);
	return 0;
}

static int set_up_inspected(void **state)
{
	*state = world_new(&inspect_service);
	return 0;
}

static int tear_down(void **state)
{
	world_free(*state);
	return 0;
}

struct taken {
	uint64_t time_ns;
	uint32_t pid, cpu, n_kernel, n_user, flags;
	uint64_t addresses[4];
};

static void sample(struct world *w, struct taken t)
{
	struct sample_record s = {
		.time_ns = t.time_ns, .sequence = ++w->sequence[t.cpu], .cpu = t.cpu,
		.start_time_ns = 500000000, .pid = t.pid, .tid = t.pid, .comm = "thread",
		.n_kernel = (uint8_t)t.n_kernel, .n_user = (uint8_t)t.n_user,
		.flags = (uint16_t)t.flags,
	};

	fake_sample(&w->samples, &s, t.addresses);
}

static void sample_at(struct world *w, uint64_t time, uint32_t pid, uint64_t pc)
{
	sample(w, (struct taken){ .time_ns = time, .pid = pid, .n_user = 2,
				  .flags = SAMPLE_USER_END, .addresses = { pc, 0x7010 } });
}

static void mmap_at(struct world *w, size_t ring, uint64_t time, uint32_t pid, uint64_t start,
		    uint64_t inode, const char *path)
{
	struct fake_record r;

	fake_mmap_record(&r, pid, start, 0x2000, inode, path, time);
	fake_write(w->events.rings[ring], &r);
}

static void exec_at(struct world *w, size_t ring, uint64_t time, uint32_t pid, const char *comm)
{
	struct fake_record r;

	fake_comm_record(&r, PERF_RECORD_MISC_COMM_EXEC, pid, comm, time);
	fake_write(w->events.rings[ring], &r);
}

static void open_batch(struct world *w, uint32_t i, struct hearth_flat *f)
{
	assert_true(i < w->host.n_emitted);
	memset(f, 0, sizeof(*f));
	assert_int_equal(hearth_profile_open(f, hearth_mock_emitted(&w->host, i)), 0);
}

static struct hearth_frame leaf_of(const struct hearth_flat *f, uint64_t sample)
{
	struct hearth_stack s = hearth_profile_stack(f, hearth_profile_sample(f, sample).stack);

	return hearth_profile_frame(f, hearth_profile_stack_frame(f, &s, 0));
}

static const char *binary_of(const struct hearth_flat *f, struct hearth_frame frame)
{
	return hearth_flat_string(f, hearth_profile_binary(f, frame.binary).path);
}

static uint64_t loss_of(const struct hearth_flat *f, uint32_t kind, const char *cause)
{
	for (uint64_t i = 0; i < hearth_flat_count(f, HEARTH_PROFILE_LOSSES); i++) {
		struct hearth_loss l = hearth_profile_loss(f, i);

		if (l.kind == kind && strcmp(hearth_flat_string(f, l.cause), cause) == 0)
			return l.count;
	}
	return 0;
}

/* ---- merging ---- */

static void a_sample_sees_the_mappings_of_its_moment(void **state)
{
	struct world *w = *state;
	struct hearth_flat f;

	exec_at(w, 0, 1005 * S, 200, "old");
	mmap_at(w, 0, 1005 * S + 1, 200, 0x7000, 1, "/lib/first.so");
	mmap_at(w, 1, 1006 * S, 200, 0x7000, 2, "/lib/second.so"); /* dlclose, dlopen */
	exec_at(w, 1, 1007 * S, 200, "new");
	mmap_at(w, 0, 1007 * S + 1, 200, 0x7000, 3, "/bin/new");
	sample_at(w, 1005 * S + 2, 200, 0x7100);
	sample_at(w, 1006 * S + 2, 200, 0x7100);
	sample_at(w, 1007 * S + 2, 200, 0x7100);
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	open_batch(w, 0, &f);
	assert_int_equal(hearth_flat_count(&f, HEARTH_PROFILE_SAMPLES), 3);
	assert_string_equal(binary_of(&f, leaf_of(&f, 0)), "/lib/first.so");
	assert_string_equal(binary_of(&f, leaf_of(&f, 1)), "/lib/second.so");
	assert_string_equal(binary_of(&f, leaf_of(&f, 2)), "/bin/new");
	for (uint64_t i = 0; i < 3; i++) {
		struct hearth_thread t =
			hearth_profile_thread(&f, hearth_profile_sample(&f, i).thread);
		struct hearth_process p = hearth_profile_process(&f, t.process);

		assert_string_equal(hearth_flat_string(&f, t.comm), "thread");
		assert_string_equal(hearth_flat_string(&f, p.comm), i < 2 ? "old" : "new");
		assert_int_equal(p.exec_generation, i < 2 ? 1 : 2);
	}
}

static void nothing_behind_the_cutoff_is_taken(void **state)
{
	struct world *w = *state;

	sample_at(w, 1006 * S, 100, 0x7100);
	sample_at(w, 1007 * S, 100, 0x7100);
	assert_int_equal(timeline_advance(&w->timeline, 1007 * S, false), 0);
	assert_int_equal(w->timeline.window.delivered, 1);
	assert_true(sample_ring_fill(&w->samples.ring) > 0);
}

static void a_record_that_wraps_around_its_ring_is_whole(void **state)
{
	struct world *w = *state;
	struct event_ring *ring = w->events.rings[0];
	struct hearth_flat f;

	ring->page->data_head = ring->page->data_tail = 3 * FAKE_RING_BYTES - 64;
	exec_at(w, 0, 1005 * S, 200, "name");
	mmap_at(w, 0, 1005 * S + 1, 200, 0x7000, 1, "/lib/with/a/path/that/wraps/around/the/end.so");
	sample_at(w, 1006 * S, 200, 0x7100);
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	open_batch(w, 0, &f);
	assert_string_equal(binary_of(&f, leaf_of(&f, 0)),
			    "/lib/with/a/path/that/wraps/around/the/end.so");
}

static void a_ring_of_nonsense_is_skipped_and_counted(void **state)
{
	struct world *w = *state;
	struct event_ring *ring = w->events.rings[0];

	memset((uint8_t *)ring->data, 0xff, 64);
	ring->page->data_head = 64;
	sample_at(w, 1006 * S, 100, 0x7100);
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	assert_int_equal(w->events.malformed, 1);
	assert_int_equal(w->host.n_emitted, 1);
	assert_int_equal(ring->page->data_tail, 64);
}

/* ---- windows ---- */

static void windows_end_at_multiples_and_touch(void **state)
{
	struct world *w = *state;
	struct hearth_profile_info info;
	struct hearth_flat f;

	sample_at(w, 1006 * S, 100, 0x7100);
	sample_at(w, 1010 * S, 100, 0x7100); /* the first of the second window */
	assert_int_equal(timeline_advance(&w->timeline, 1031 * S, false), 0);
	assert_int_equal(w->host.n_emitted, 3);
	for (uint32_t i = 0; i < 3; i++) {
		open_batch(w, i, &f);
		info = hearth_profile_info(&f);
		assert_int_equal(info.window_start_ns, i ? (1000 + 10 * i) * S : 1005 * S);
		assert_int_equal(info.window_end_ns, (1010 + 10 * i) * S);
		assert_int_equal(info.samples_taken, i < 2 ? 1 : 0);
		assert_int_equal(hearth_flat_count(&f, HEARTH_PROFILE_SAMPLES), i < 2 ? 1 : 0);
		assert_int_equal(info.period, 1000);
		assert_string_equal(hearth_flat_string(&f, info.event), "cpu-clock");
	}
	assert_int_equal(hearth_mock_counter(&w->host, "samples_taken"), 2);
}

static void gaps_in_the_numbers_are_losses(void **state)
{
	struct world *w = *state;
	struct sample_counters counters[2] = { { .taken = 9 }, { .taken = 4 } };
	struct hearth_flat f;

	sample_at(w, 1006 * S, 100, 0x7100);
	w->sequence[0] += 5;
	sample_at(w, 1007 * S, 100, 0x7100);
	timeline_settle(&w->timeline, counters); /* two more of CPU 0, four of CPU 1 */
	assert_int_equal(timeline_cut(&w->timeline, 1008 * S), 0);
	open_batch(w, 0, &f);
	assert_int_equal(loss_of(&f, HEARTH_LOSS_SAMPLES, "ring full"), 5 + 2 + 4);
	assert_int_equal(hearth_profile_info(&f).samples_taken, 2 + 11);
	assert_int_equal(w->timeline.gaps, 11);
}

static void lost_events_are_told(void **state)
{
	struct world *w = *state;
	struct fake_record r;
	struct hearth_flat f;

	fake_lost_record(&r, 17, 1006 * S);
	fake_write(w->events.rings[1], &r);
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	open_batch(w, 0, &f);
	assert_int_equal(loss_of(&f, HEARTH_LOSS_EVENTS, "ring full"), 17);
}

static void a_window_that_cannot_be_emitted_is_counted_as_lost(void **state)
{
	struct world *w = *state;

	w->host.emit_error = -ENOMEM;
	sample_at(w, 1006 * S, 100, 0x7100);
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), -ENOMEM);
	assert_int_equal(hearth_mock_counter(&w->host, "samples_lost.batch not emitted"), 1);
	w->host.emit_error = 0;
	sample_at(w, 1011 * S, 100, 0x7100);
	assert_int_equal(timeline_advance(&w->timeline, 1020 * S, false), 0);
	assert_int_equal(w->host.n_emitted, 1);
}

/* ---- stacks ---- */

static void a_cut_stack_says_why(void **state)
{
	static const struct {
		uint32_t n_kernel, n_user, flags;
		const char *cause;
	} cases[] = {
		{ 0, 2, SAMPLE_USER_END, "" },
		{ 2, 2, SAMPLE_USER_END, "" },
		{ 2, 0, SAMPLE_NO_USER, "" },
		{ 0, 2, 0, "no frame pointers" },
		{ 0, 1, SAMPLE_USER_END, "no frame pointers" },
		{ 0, 2, SAMPLE_USER_CUT, "depth limit 127" },
		{ 0, 1, SAMPLE_USER_COMPAT, "32-bit program" },
		{ 2, 0, SAMPLE_NO_USER | SAMPLE_KERNEL_CUT, "kernel stack depth limit" },
		{ 0, 2, SAMPLE_USER_END | SAMPLE_KERNEL_FAILED, "kernel stack could not be walked" },
	};
	struct world *w = *state;
	struct hearth_flat f;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		sample(w, (struct taken){ .time_ns = 1006 * S + i, .pid = 100,
					  .n_kernel = cases[i].n_kernel, .n_user = cases[i].n_user,
					  .flags = cases[i].flags,
					  .addresses = { 0x7100, 0x7010, 0x7020, 0x7030 } });
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	open_batch(w, 0, &f);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hearth_stack s =
			hearth_profile_stack(&f, hearth_profile_sample(&f, i).stack);

		assert_int_equal(s.count, cases[i].n_kernel + cases[i].n_user);
		assert_string_equal(hearth_flat_string(&f, s.truncated), cases[i].cause);
	}
	assert_int_equal(loss_of(&f, HEARTH_LOSS_STACKS, "no frame pointers"), 2);
	assert_int_equal(hearth_mock_counter(&w->host, "stacks_truncated.depth limit 127"), 1);
}

static void an_address_that_nothing_is_mapped_at_ends_the_stack(void **state)
{
	struct world *w = *state;
	struct hearth_stack s;
	struct hearth_flat f;

	sample(w, (struct taken){ .time_ns = 1006 * S, .pid = 100, .n_user = 4,
				  .flags = SAMPLE_USER_END,
				  .addresses = { 0x7100, 0x7010, 0x41414141, 0x7020 } });
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	open_batch(w, 0, &f);
	s = hearth_profile_stack(&f, hearth_profile_sample(&f, 0).stack);
	assert_int_equal(s.count, 2);
	assert_string_equal(hearth_flat_string(&f, s.truncated), "no frame pointers");
	assert_int_equal(hearth_mock_counter(&w->host, "stacks_truncated.no frame pointers"), 1);
}

static void only_callers_are_return_addresses(void **state)
{
	struct world *w = *state;
	struct hearth_stack s;
	struct hearth_flat f;

	sample(w, (struct taken){ .time_ns = 1006 * S, .pid = 100, .n_kernel = 2, .n_user = 2,
				  .flags = SAMPLE_USER_END,
				  .addresses = { 0xffffffff81000010, 0xffffffff81000020, 0x7100,
						 0x7010 } });
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	open_batch(w, 0, &f);
	s = hearth_profile_stack(&f, hearth_profile_sample(&f, 0).stack);
	for (uint32_t i = 0; i < 4; i++) {
		struct hearth_frame frame =
			hearth_profile_frame(&f, hearth_profile_stack_frame(&f, &s, i));

		assert_int_equal(frame.kind, i < 2 ? HEARTH_FRAME_KERNEL : HEARTH_FRAME_NATIVE);
		assert_int_equal(frame.flags & HEARTH_FRAME_IS_RETURN, i % 2);
		assert_string_equal(binary_of(&f, frame), i < 2 ? "[kernel]" : "/bin/bash");
	}
}

static void a_frame_without_file_says_why(void **state)
{
	struct world *w = *state;
	struct hearth_frame frame;
	struct hearth_flat f;

	proc_tree_add(&w->tree, 200, 1, "node", 50, 0, "7000-9000 rwxp 00000000 00:00 0\n");
	sample_at(w, 1006 * S, 100, 0x7100);
	sample_at(w, 1006 * S + 1, 100, 0xf000);
	sample_at(w, 1006 * S + 2, 200, 0x7100);
	sample_at(w, 1006 * S + 3, 300, 0x7100);
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	open_batch(w, 0, &f);
	for (uint64_t i = 0; i < 4; i++) {
		static const char *const causes[] = {
			"no inspector to read the file", "address outside every executable mapping",
			"anonymous executable memory",
			"process ended before its mappings were read",
		};

		frame = leaf_of(&f, i);
		assert_true(frame.flags & HEARTH_FRAME_RAW);
		assert_string_equal(hearth_flat_string(&f, frame.cause), causes[i]);
		assert_int_equal(frame.mapping != 0, i % 2 == 0);
	}
	frame = leaf_of(&f, 0);
	assert_int_equal(hearth_profile_mapping(&f, frame.mapping).start, 0x7000);
	assert_int_equal(hearth_profile_mapping(&f, frame.mapping).file_offset, 0x1000);
}

/* ---- files ---- */

static void a_frame_gets_its_address_when_the_file_is_opened(void **state)
{
	struct world *w = *state;
	struct hearth_binary binary;
	struct hearth_flat f;

	sample_at(w, 1006 * S, 100, 0x7100);
	assert_int_equal(timeline_advance(&w->timeline, 1007 * S, false), 0);
	assert_int_equal(inspector.n, 1);
	assert_string_equal(inspector.questions[0].path, "/bin/bash");
	answer(0);
	sample_at(w, 1008 * S, 100, 0x7100);
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	open_batch(w, 0, &f);
	for (uint64_t i = 0; i < 2; i++) { /* the one that waited, and the one behind */
		struct hearth_frame frame = leaf_of(&f, i);

		assert_int_equal(frame.address, 0x401100);
		assert_int_equal(frame.flags, 0);
		assert_int_equal(frame.mapping, 0);
		assert_int_equal(frame.cause, 0);
		assert_string_equal(binary_of(&f, frame), "/bin/bash");
		binary = hearth_profile_binary(&f, frame.binary);
		assert_int_equal(binary.handle, 7);
		assert_int_equal(binary.size, 12345);
		assert_int_equal(binary.build_id_len, 20);
		assert_memory_equal(binary.build_id, "abcdefghijklmnopqrst", 20);
	}
	assert_int_equal(inspector.n, 1);
}

static void a_window_waits_for_its_files_but_not_for_ever(void **state)
{
	struct world *w = *state;
	struct hearth_flat f;

	sample_at(w, 1009 * S, 100, 0x7100);
	sample_at(w, 1011 * S, 100, 0x7100);
	w->host.now_ns = 1011 * S;
	assert_int_equal(timeline_advance(&w->timeline, 1011 * S, false), 1);
	assert_int_equal(w->host.n_emitted, 0);
	w->host.now_ns = 1013 * S - 1;
	assert_int_equal(timeline_advance(&w->timeline, 1012 * S, false), 1);
	w->host.now_ns = 1013 * S;
	assert_int_equal(timeline_advance(&w->timeline, 1012 * S, false), 0);
	assert_int_equal(w->host.n_emitted, 1);
	assert_int_equal(w->timeline.window.delivered, 1); /* of the second one */
	open_batch(w, 0, &f);
	assert_string_equal(hearth_flat_string(&f, leaf_of(&f, 0).cause), "file was not opened in time");
	answer(0);
}

static void an_urgent_window_does_not_wait(void **state)
{
	struct world *w = *state;

	sample_at(w, 1009 * S, 100, 0x7100);
	assert_int_equal(timeline_advance(&w->timeline, 1011 * S, true), 0);
	assert_int_equal(w->host.n_emitted, 1);
	answer(0);
}

static void a_file_that_cannot_be_read_is_named_with_the_cause(void **state)
{
	struct world *w = *state;
	struct hearth_frame frame;
	struct hearth_flat f;

	sample_at(w, 1006 * S, 100, 0x7100);
	assert_int_equal(timeline_advance(&w->timeline, 1007 * S, false), 0);
	refuse(0, -ENOENT, "file is gone");
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	open_batch(w, 0, &f);
	frame = leaf_of(&f, 0);
	assert_int_equal(frame.address, 0x7100);
	assert_true(frame.flags & HEARTH_FRAME_RAW);
	assert_string_equal(hearth_flat_string(&f, frame.cause), "file is gone");
	assert_string_equal(hearth_flat_string(&f, hearth_profile_binary(&f, frame.binary).cause),
			    "file is gone");
	sample_at(w, 1011 * S, 100, 0x7100);
	w->host.now_ns = 1012 * S;
	assert_int_equal(timeline_advance(&w->timeline, 1012 * S, false), 0);
	assert_int_equal(inspector.n, 2); /* tried again a second later */
	answer(1);
}

static void the_file_of_a_process_that_is_gone_is_looked_for_here(void **state)
{
	struct world *w = *state;
	struct hearth_flat f;

	sample_at(w, 1006 * S, 100, 0x7100);
	assert_int_equal(timeline_advance(&w->timeline, 1007 * S, false), 0);
	assert_int_equal(inspector.questions[0].pid, 100);
	refuse(0, -ESRCH, "the process is gone");
	assert_int_equal(inspector.n, 2);
	assert_int_equal(inspector.questions[1].pid, getpid());
	answer(1);
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	open_batch(w, 0, &f);
	assert_int_equal(leaf_of(&f, 0).address, 0x401100);
}

static void a_file_that_is_not_here_either_is_given_up(void **state)
{
	struct world *w = *state;
	struct hearth_flat f;

	sample_at(w, 1006 * S, 100, 0x7100);
	assert_int_equal(timeline_advance(&w->timeline, 1007 * S, false), 0);
	refuse(0, -ESRCH, "the process is gone");
	refuse(1, -ESTALE, "another file is in its place");
	assert_int_equal(inspector.n, 2);
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	open_batch(w, 0, &f);
	assert_string_equal(hearth_flat_string(&f, leaf_of(&f, 0).cause),
			    "process ended before the file was opened");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define INSPECTED(name) cmocka_unit_test_setup_teardown(name, set_up_inspected, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sample_sees_the_mappings_of_its_moment),
		TEST(nothing_behind_the_cutoff_is_taken),
		TEST(a_record_that_wraps_around_its_ring_is_whole),
		TEST(a_ring_of_nonsense_is_skipped_and_counted),
		TEST(windows_end_at_multiples_and_touch),
		TEST(gaps_in_the_numbers_are_losses),
		TEST(lost_events_are_told),
		TEST(a_window_that_cannot_be_emitted_is_counted_as_lost),
		TEST(a_cut_stack_says_why),
		TEST(an_address_that_nothing_is_mapped_at_ends_the_stack),
		TEST(only_callers_are_return_addresses),
		TEST(a_frame_without_file_says_why),
		INSPECTED(a_frame_gets_its_address_when_the_file_is_opened),
		INSPECTED(a_window_waits_for_its_files_but_not_for_ever),
		INSPECTED(an_urgent_window_does_not_wait),
		INSPECTED(the_file_of_a_process_that_is_gone_is_looked_for_here),
		INSPECTED(a_file_that_is_not_here_either_is_given_up),
		INSPECTED(a_file_that_cannot_be_read_is_named_with_the_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
