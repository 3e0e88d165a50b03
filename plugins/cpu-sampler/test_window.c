/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the addresses of a sample. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_world.h"

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

/* Two files mapped behind each other; the outermost frame of a stack is the one that is blamed. */
static void files_without_frame_pointers_are_ranked(void **state)
{
	const struct binary *most[4];
	struct world *w = *state;
	uint64_t at = 1006 * S;

	proc_tree_add(&w->tree, 200, 1, "app", 50, 0x7000,
		      "7000-8000 r-xp 00001000 08:01 21 /bin/app\n"
		      "8000-9000 r-xp 00001000 08:01 22 /lib/libc.so.6\n");
	for (uint32_t i = 0; i < 3; i++)
		sample(w, (struct taken){ .time_ns = at++, .pid = 200, .n_user = 2,
					  .addresses = { 0x7100, 0x8100 } });
	sample(w, (struct taken){ .time_ns = at++, .pid = 200, .n_user = 1, .addresses = { 0x7100 } });
	sample(w, (struct taken){ .time_ns = at++, .pid = 200, .n_user = 2, .flags = SAMPLE_USER_END,
				  .addresses = { 0x7100, 0x7200 } });
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	assert_int_equal(binaries_most_cut(&w->timeline.binaries, most, 4), 2);
	assert_string_equal(most[0]->path, "/lib/libc.so.6");
	assert_int_equal(most[0]->n_cut, 3);
	assert_string_equal(most[1]->path, "/bin/app");
	assert_int_equal(most[1]->n_cut, 1);
	assert_int_equal(binaries_most_cut(&w->timeline.binaries, most, 1), 1);
	assert_string_equal(most[0]->path, "/lib/libc.so.6");
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
			"", /* the code that a process makes is asked for like a file; see below */
			"process ended before its mappings were read",
		};

		frame = leaf_of(&f, i);
		assert_true(frame.flags & HEARTH_FRAME_RAW);
		assert_string_equal(hearth_flat_string(&f, frame.cause), causes[i]);
		assert_int_equal(frame.mapping != 0, i % 2 == 0);
	}
	frame = leaf_of(&f, 2);
	assert_int_equal(frame.kind, HEARTH_FRAME_JIT);
	assert_string_equal(hearth_flat_string(&f, hearth_profile_binary(&f, frame.binary).cause),
			    "no inspector to read the file");
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

static void the_vdso_is_asked_for_like_a_file(void **state)
{
	struct world *w = *state;

	proc_tree_add(&w->tree, 101, 1, "clock", 50, 0x7000,
		      "7fff7ffd0000-7fff7ffd2000 r-xp 00000000 00:00 0 [vdso]\n");
	sample_at(w, 1006 * S, 101, 0x7fff7ffd0100);
	assert_int_equal(timeline_advance(&w->timeline, 1007 * S, false), 0);
	assert_int_equal(inspector.n, 1);
	assert_string_equal(inspector.questions[0].path, "[vdso]");
	answer(0);
}

static void the_vdso_of_a_32_bit_process_is_not_mixed_up_with_it(void **state)
{
	struct world *w = *state;
	struct hearth_flat f;

	proc_tree_add(&w->tree, 101, 1, "clock", 50, 0x7000,
		      "f7fd0000-f7fd2000 r-xp 00000000 00:00 0 [vdso]\n");
	sample_at(w, 1006 * S, 101, 0xf7fd0100);
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	assert_int_equal(inspector.n, 0);
	open_batch(w, 0, &f);
	assert_true(leaf_of(&f, 0).flags & HEARTH_FRAME_RAW);
	assert_string_equal(hearth_flat_string(&f, leaf_of(&f, 0).cause), "not a file");
}

static void generated_code_is_that_of_one_process(void **state)
{
	static const char maps[] = "7000-9000 rwxp 00000000 00:00 0\n";
	struct world *w = *state;
	struct hearth_frame frames[2];
	struct hearth_flat f;

	for (uint32_t pid = 200; pid < 202; pid++) {
		proc_tree_add(&w->tree, pid, 1, "node", 50, 0, maps);
		sample_at(w, 1006 * S + pid, pid, 0x7100);
	}
	assert_int_equal(timeline_advance(&w->timeline, 1007 * S, false), 0);
	assert_int_equal(inspector.n, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(inspector.questions[i].path, HEARTH_INSPECT_CODE);
		assert_int_equal(inspector.questions[i].pid, 200 + i);
	}
	answer(0);
	refuse(1, -ESRCH, "generated code, and the process is gone");
	assert_int_equal(inspector.n, 2); /* our own map would be another one */
	assert_int_equal(timeline_advance(&w->timeline, 1010 * S, false), 0);
	open_batch(w, 0, &f);
	for (uint32_t i = 0; i < 2; i++) {
		frames[i] = leaf_of(&f, i);
		assert_int_equal(frames[i].address, 0x7100);
		assert_int_equal(frames[i].kind, HEARTH_FRAME_JIT);
	}
	assert_int_equal(hearth_profile_binary(&f, frames[0].binary).handle, 7);
	assert_int_equal(hearth_profile_binary(&f, frames[1].binary).handle, 0);
}

static void what_was_said_of_generated_code_holds_while_it_is_asked_again(void **state)
{
	static const char maps[] = "7000-9000 rwxp 00000000 00:00 0\n", no_map[] = "no map";
	struct world *w = *state;

	proc_tree_add(&w->tree, 200, 1, "node", 50, 0, maps);
	sample_at(w, 1006 * S, 200, 0x7100);
	assert_int_equal(timeline_advance(&w->timeline, 1007 * S, false), 0);
	refuse(0, -ENOENT, no_map);
	w->host.now_ns = 1011 * S;
	sample_at(w, 1011 * S, 200, 0x7100);
	assert_int_equal(timeline_advance(&w->timeline, 1020 * S, true), 0);
	assert_int_equal(inspector.n, 2); /* not answered */
	assert_int_equal(w->host.n_emitted, 2);
	for (uint32_t i = 0; i < 2; i++) {
		struct hearth_binary code;
		struct hearth_flat f;

		open_batch(w, i, &f);
		code = hearth_profile_binary(&f, leaf_of(&f, 0).binary);
		assert_string_equal(hearth_flat_string(&f, code.cause), no_map);
	}
	refuse(1, -ENOENT, no_map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cut_stack_says_why),
		TEST(an_address_that_nothing_is_mapped_at_ends_the_stack),
		TEST(files_without_frame_pointers_are_ranked),
		TEST(only_callers_are_return_addresses),
		TEST(a_frame_without_file_says_why),
		INSPECTED(a_frame_gets_its_address_when_the_file_is_opened),
		INSPECTED(a_window_waits_for_its_files_but_not_for_ever),
		INSPECTED(an_urgent_window_does_not_wait),
		INSPECTED(the_file_of_a_process_that_is_gone_is_looked_for_here),
		INSPECTED(a_file_that_is_not_here_either_is_given_up),
		INSPECTED(a_file_that_cannot_be_read_is_named_with_the_cause),
		INSPECTED(generated_code_is_that_of_one_process),
		INSPECTED(what_was_said_of_generated_code_holds_while_it_is_asked_again),
		INSPECTED(the_vdso_is_asked_for_like_a_file),
		INSPECTED(the_vdso_of_a_32_bit_process_is_not_mixed_up_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
