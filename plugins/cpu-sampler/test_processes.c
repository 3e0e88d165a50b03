/* SPDX-License-Identifier: Apache-2.0 */
/* Who a pid is, told by events and a /proc of the test's own. */
#include "test_processes.h"

static void what_runs_already_is_read_at_the_first_sample(void **state)
{
	struct world *w = *state;
	struct process *p;

	proc_tree_add(&w->tree, 100, 1, "bash", 50, 0x1000, BASH_MAPS);
	assert_string_equal(file_at(w, 100, 50, 0x1800), "/bin/bash");
	assert_string_equal(file_at(w, 100, 50, 0x5800), "/lib/libc.so");
	assert_string_equal(file_at(w, 100, 50, 0x9000), "-");
	p = processes_find(&w->processes, 100);
	assert_string_equal(p->comm, "bash");
	assert_string_equal(p->exe->path, "/bin/bash");
	assert_int_equal(p->parent_pid, 1);
	proc_tree_remove(&w->tree, 100);
	assert_string_equal(file_at(w, 100, 50, 0x1800), "/bin/bash"); /* once is enough */
}

static void what_nobody_samples_is_not_read(void **state)
{
	struct world *w = *state;

	proc_tree_add(&w->tree, 100, 1, "bash", 50, 0x1000, BASH_MAPS);
	apply(w, mmap_event(1, 100, 0x7000, "/lib/late.so", 44));
	assert_null(processes_find(&w->processes, 100));
	assert_int_equal(w->binaries.n, 0);
}

static void a_fork_shares_until_one_of_them_changes(void **state)
{
	struct world *w = *state;

	proc_tree_add(&w->tree, 100, 1, "bash", 50, 0x1000, BASH_MAPS);
	assert_string_equal(file_at(w, 100, 50, 0x1800), "/bin/bash");
	fork_at(w, 10, 100, 101);
	apply(w, mmap_event(20, 101, 0x7000, "/lib/late.so", 44));
	assert_string_equal(file_at(w, 101, 60, 0x1800), "/bin/bash");
	assert_string_equal(file_at(w, 101, 60, 0x7800), "/lib/late.so");
	assert_string_equal(file_at(w, 100, 50, 0x7800), "-");
	assert_string_equal(processes_find(&w->processes, 101)->comm, "bash");
	assert_int_equal(processes_find(&w->processes, 101)->parent_pid, 100);
}

static void a_child_that_is_gone_had_its_parents_mappings(void **state)
{
	struct world *w = *state;

	proc_tree_add(&w->tree, 100, 1, "bash", 50, 0x1000, BASH_MAPS);
	fork_at(w, 10, 100, 101);
	assert_string_equal(file_at(w, 101, 60, 0x1800), "/bin/bash");
}

static void a_parents_pid_that_was_reused_lends_nothing(void **state)
{
	struct world *w = *state;

	fork_at(w, 10, 100, 101);
	exit_at(w, 11, 100, 100);
	proc_tree_add(&w->tree, 100, 1, "gzip", 70, 0x1000, GZIP_MAPS);
	assert_string_equal(file_at(w, 101, 60, 0x1800), "-");
	assert_string_equal(processes_find(&w->processes, 101)->maps_cause,
			    "process ended before its mappings were read");
}

static void a_parent_that_ran_another_program_since_lends_nothing(void **state)
{
	struct world *w = *state;

	fork_at(w, 10, 100, 101);
	apply(w, exec_event(20, 100, "gzip"));
	apply(w, mmap_event(21, 100, 0x1000, "/bin/gzip", 33));
	assert_string_equal(file_at(w, 101, 60, 0x1800), "-");
}

static void exec_begins_with_nothing_and_is_another_generation(void **state)
{
	struct world *w = *state;
	struct process *p;

	proc_tree_add(&w->tree, 100, 1, "bash", 50, 0x1000, BASH_MAPS);
	assert_string_equal(file_at(w, 100, 50, 0x5800), "/lib/libc.so");
	apply(w, exec_event(20, 100, "gzip"));
	assert_string_equal(file_at(w, 100, 50, 0x5800), "-");
	apply(w, mmap_event(21, 100, 0x1000, "/bin/gzip", 33));
	apply(w, mmap_event(22, 100, 0x5000, "/lib/ld.so", 34));
	p = processes_find(&w->processes, 100);
	assert_string_equal(file_at(w, 100, 50, 0x1800), "/bin/gzip");
	assert_string_equal(p->comm, "gzip");
	assert_string_equal(p->exe->path, "/bin/gzip");
	assert_int_equal(p->exec_generation, 1);
}

static void a_reused_pid_is_someone_else(void **state)
{
	struct world *w = *state;

	proc_tree_add(&w->tree, 100, 1, "bash", 50, 0x1000, BASH_MAPS);
	assert_string_equal(file_at(w, 100, 50, 0x1800), "/bin/bash");
	proc_tree_add(&w->tree, 100, 1, "gzip", 90, 0x1000, GZIP_MAPS);
	assert_string_equal(file_at(w, 100, 90, 0x1800), "/bin/gzip");
	assert_string_equal(processes_find(&w->processes, 100)->comm, "gzip");
}

static void maps_of_a_successor_do_not_serve_the_dead(void **state)
{
	struct world *w = *state;

	proc_tree_add(&w->tree, 100, 1, "gzip", 90, 0x1000, GZIP_MAPS);
	assert_string_equal(file_at(w, 100, 50, 0x1800), "-");
	assert_string_equal(processes_find(&w->processes, 100)->maps_cause,
			    "process ended before its mappings were read");
}

static void an_exec_that_waits_spoils_the_snapshot(void **state)
{
	struct world *w = *state;
	const struct process_event waiting[] = { exec_event(20, 100, "gzip"),
						 mmap_event(21, 100, 0x1000, "/bin/gzip", 33) };

	proc_tree_add(&w->tree, 100, 1, "gzip", 50, 0x1000, GZIP_MAPS);
	w->waiting = waiting;
	w->n_waiting = ARRAY_SIZE(waiting);
	assert_string_equal(file_at(w, 100, 50, 0x1800), "-");
	assert_string_equal(processes_find(&w->processes, 100)->maps_cause,
			    "process ran another program before its mappings were read");
	w->n_waiting = 0;
	apply(w, waiting[0]);
	apply(w, waiting[1]);
	assert_string_equal(file_at(w, 100, 50, 0x1800), "/bin/gzip");
}

static void a_mapping_that_waits_is_not_there_yet(void **state)
{
	struct world *w = *state;
	const struct process_event waiting[] = { mmap_event(20, 100, 0x5000, "/lib/libc.so", 22),
						 mmap_event(20, 999, 0x1000, "/other", 1) };

	proc_tree_add(&w->tree, 100, 1, "bash", 50, 0x1000, BASH_MAPS);
	w->waiting = waiting;
	w->n_waiting = ARRAY_SIZE(waiting);
	assert_string_equal(file_at(w, 100, 50, 0x5800), "-");
	assert_string_equal(file_at(w, 100, 50, 0x1800), "/bin/bash");
	apply(w, waiting[0]);
	assert_string_equal(file_at(w, 100, 50, 0x5800), "/lib/libc.so");
}

static void lost_events_have_maps_read_again(void **state)
{
	struct world *w = *state;

	proc_tree_add(&w->tree, 100, 1, "bash", 50, 0x1000, GZIP_MAPS);
	assert_string_equal(file_at(w, 100, 50, 0x1800), "/bin/gzip");
	proc_tree_write(&w->tree, 100, "maps", BASH_MAPS);
	assert_string_equal(file_at(w, 100, 50, 0x1800), "/bin/gzip");
	apply(w, (struct process_event){ .kind = PROCESS_EVENT_LOST, .lost = 3 });
	assert_string_equal(file_at(w, 100, 50, 0x1800), "/bin/bash");
	apply(w, (struct process_event){ .kind = PROCESS_EVENT_LOST, .lost = 3 });
	proc_tree_remove(&w->tree, 100);
	assert_string_equal(file_at(w, 100, 50, 0x1800), "/bin/bash"); /* the last that was known */
}

static void the_last_thread_ends_the_process_and_its_state(void **state)
{
	struct world *w = *state;

	fork_at(w, 10, 100, 101);
	apply(w, (struct process_event){ .kind = PROCESS_EVENT_FORK, .time_ns = 11, .pid = 101,
					 .tid = 102, .parent_pid = 101 });
	exit_at(w, 20, 101, 101); /* the leader goes first */
	processes_sweep(&w->processes, 1000);
	assert_non_null(processes_find(&w->processes, 101));
	exit_at(w, 30, 101, 102);
	processes_sweep(&w->processes, 30);
	assert_non_null(processes_find(&w->processes, 101)); /* late samples may come */
	processes_sweep(&w->processes, 31);
	assert_null(processes_find(&w->processes, 101));
	assert_int_equal(w->processes.n, 0);
}

static void anonymous_memory_is_told_from_files(void **state)
{
	struct world *w = *state;

	proc_tree_add(&w->tree, 100, 1, "node", 50, 0x1000,
		      "1000-2000 r-xp 00000000 08:01 11 /bin/node\n2000-3000 rwxp 00000000 00:00 0\n"
		      "3000-4000 rwxp 00000000 00:00 0 [stack]\n4000-5000 r-xp 00000000 00:00 0 [vdso]\n"
		      "5000-6000 rwxp 00000000 00:00 0 [anon:jit]\n");
	assert_string_equal(file_at(w, 100, 50, 0x2800), "anonymous");
	assert_string_equal(file_at(w, 100, 50, 0x3800), "anonymous");
	assert_string_equal(file_at(w, 100, 50, 0x4800), "[vdso]");
	assert_string_equal(file_at(w, 100, 50, 0x5800), "anonymous");
	apply(w, mmap_event(5, 100, 0x8000, "//anon", 0));
	assert_string_equal(file_at(w, 100, 50, 0x8800), "anonymous");
}

static void many_processes_are_found_again(void **state)
{
	struct world *w = *state;

	for (uint32_t pid = 1000; pid < 6000; pid++)
		fork_at(w, pid, 1, pid);
	assert_int_equal(w->processes.n, 5000);
	for (uint32_t pid = 1000; pid < 6000; pid++)
		assert_int_equal(processes_find(&w->processes, pid)->pid, pid);
}

static void a_filter_follows_the_watched_and_their_children_only(void **state)
{
	struct world *w = *state;

	w->processes.is_filtered = true;
	assert_int_equal(processes_watch(&w->processes, 100), 0);
	assert_int_equal(processes_watch(&w->processes, 100), 0);
	fork_at(w, 1, 100, 101);
	apply(w, exec_event(2, 101, "gzip"));
	apply(w, mmap_event(3, 101, 0x1000, "/bin/gzip", 33));
	fork_at(w, 4, 101, 102);
	fork_at(w, 4, 7, 200);
	apply(w, exec_event(5, 200, "other"));
	apply(w, mmap_event(6, 200, 0x1000, "/bin/other", 44));
	assert_int_equal(w->processes.n, 3);
	assert_int_equal(w->binaries.n, 1);
	assert_string_equal(file_at(w, 102, 0, 0x1800), "/bin/gzip");
	exit_at(w, 7, 101, 101);
	processes_sweep(&w->processes, 8);
	assert_int_equal(w->processes.n, 2);

	w->processes.is_filtered = false;
	fork_at(w, 9, 7, 201);
	assert_int_equal(w->processes.n, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_runs_already_is_read_at_the_first_sample),
		TEST(what_nobody_samples_is_not_read),
		TEST(a_fork_shares_until_one_of_them_changes),
		TEST(a_child_that_is_gone_had_its_parents_mappings),
		TEST(a_parents_pid_that_was_reused_lends_nothing),
		TEST(a_parent_that_ran_another_program_since_lends_nothing),
		TEST(exec_begins_with_nothing_and_is_another_generation),
		TEST(a_reused_pid_is_someone_else),
		TEST(maps_of_a_successor_do_not_serve_the_dead),
		TEST(an_exec_that_waits_spoils_the_snapshot),
		TEST(a_mapping_that_waits_is_not_there_yet),
		TEST(lost_events_have_maps_read_again),
		TEST(the_last_thread_ends_the_process_and_its_state),
		TEST(anonymous_memory_is_told_from_files),
		TEST(many_processes_are_found_again),
		TEST(a_filter_follows_the_watched_and_their_children_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
