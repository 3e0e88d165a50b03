/* SPDX-License-Identifier: Apache-2.0 */
/* Samples and events in the order of time, cut into windows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_world.h"

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

/* As without privileges: the samples stand among the events. */
static void a_sample_of_a_perf_ring_has_its_threads_name_of_the_moment(void **state)
{
	static const uint64_t chain[] = { (uint64_t)PERF_CONTEXT_USER, 0x7100, 0x7010 };
	static const char *const names[] = { "early", "late" };
	struct world *w = *state;
	struct timeline_setup setup = {
		.host = &w->host.host, .events = &w->events, .proc_root = w->tree.root,
		.n_cpus = 2, .window_ns = 10 * S, .period_ns = 1000,
	};
	struct hearth_flat f;
	struct fake_record r;

	timeline_done(&w->timeline);
	assert_int_equal(timeline_init(&w->timeline, &setup), 0);
	proc_tree_name_thread(&w->tree, 100, 103, "early\n");
	fake_chain_record(&r, 100, 103, 1005 * S + 1, chain, 3);
	fake_write(w->events.rings[0], &r);
	fake_thread_comm_record(&r, 0, 100, 103, "late", 1005 * S + 2);
	fake_write(w->events.rings[1], &r);
	fake_chain_record(&r, 100, 103, 1005 * S + 3, chain, 3);
	fake_write(w->events.rings[0], &r);
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	open_batch(w, 0, &f);
	assert_int_equal(hearth_flat_count(&f, HEARTH_PROFILE_SAMPLES), 2);
	for (uint64_t i = 0; i < 2; i++) {
		struct hearth_thread t =
			hearth_profile_thread(&f, hearth_profile_sample(&f, i).thread);

		assert_int_equal(t.tid, 103);
		assert_string_equal(hearth_flat_string(&f, t.comm), names[i]);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sample_sees_the_mappings_of_its_moment),
		TEST(nothing_behind_the_cutoff_is_taken),
		TEST(a_sample_of_a_perf_ring_has_its_threads_name_of_the_moment),
		TEST(a_record_that_wraps_around_its_ring_is_whole),
		TEST(a_ring_of_nonsense_is_skipped_and_counted),
		TEST(windows_end_at_multiples_and_touch),
		TEST(gaps_in_the_numbers_are_losses),
		TEST(lost_events_are_told),
		TEST(a_window_that_cannot_be_emitted_is_counted_as_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
