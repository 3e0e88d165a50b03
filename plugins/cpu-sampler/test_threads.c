/* SPDX-License-Identifier: Apache-2.0 */
/* What threads are called, told by events and a /proc of the test's own. */
#include "test_processes.h"

/* Process 100 with a thread 103, both of which ran before. */
static int set_up_threads(void **state)
{
	struct world *w;

	set_up(state);
	w = *state;
	w->processes.follows_threads = true;
	proc_tree_add(&w->tree, 100, 1, "server", 50, 0x1000, BASH_MAPS);
	proc_tree_name_thread(&w->tree, 100, 103, "old worker\n");
	return 0;
}

static const char *name_of(struct world *w, uint32_t pid, uint32_t tid)
{
	struct process *p = processes_sampled(&w->processes, pid, 0, true);

	return threads_comm(&w->processes, p, tid);
}

static void thread_at(struct world *w, uint64_t time, uint32_t pid, uint32_t from, uint32_t tid)
{
	apply(w, (struct process_event){ .kind = PROCESS_EVENT_FORK, .time_ns = time, .pid = pid,
					 .tid = tid, .parent_pid = pid, .parent_tid = from });
}

static void rename_at(struct world *w, uint64_t time, uint32_t pid, uint32_t tid, const char *comm)
{
	apply(w, (struct process_event){ .kind = PROCESS_EVENT_COMM, .time_ns = time, .pid = pid,
					 .tid = tid, .comm = comm });
}

static void a_thread_that_ran_before_is_asked_for_once(void **state)
{
	struct world *w = *state;

	assert_string_equal(name_of(w, 100, 103), "old worker");
	assert_string_equal(name_of(w, 100, 100), "server");
	proc_tree_remove(&w->tree, 100);
	assert_string_equal(name_of(w, 100, 103), "old worker");
}

static void a_thread_that_is_gone_has_no_name(void **state)
{
	struct world *w = *state;

	assert_string_equal(name_of(w, 100, 104), "");
	proc_tree_name_thread(&w->tree, 100, 104, "another\n"); /* a later one's */
	assert_string_equal(name_of(w, 100, 104), "");
}

static void a_thread_is_called_as_its_maker_until_it_says_otherwise(void **state)
{
	struct world *w = *state;

	assert_string_equal(name_of(w, 100, 100), "server");
	thread_at(w, 10, 100, 100, 105);
	thread_at(w, 11, 100, 103, 106);
	assert_string_equal(name_of(w, 100, 105), "server");
	assert_string_equal(name_of(w, 100, 106), "old worker");
	rename_at(w, 12, 100, 105, "a-name-longer-than-15");
	assert_string_equal(name_of(w, 100, 105), "a-name-longer-t");
	assert_string_equal(name_of(w, 100, 100), "server");
	rename_at(w, 13, 100, 100, "main");
	assert_string_equal(name_of(w, 100, 100), "main");
	assert_string_equal(name_of(w, 100, 105), "a-name-longer-t");
}

static void a_name_goes_with_its_thread(void **state)
{
	struct world *w = *state;
	const struct process *p;

	assert_string_equal(name_of(w, 100, 103), "old worker");
	rename_at(w, 10, 100, 103, "one");
	exit_at(w, 11, 100, 103);
	p = processes_find(&w->processes, 100);
	assert_int_equal(p->threads.n, 0);
	thread_at(w, 12, 100, 100, 103); /* the tid again */
	assert_string_equal(name_of(w, 100, 103), "server");
	for (uint32_t tid = 200; tid < 1200; tid++) {
		thread_at(w, tid, 100, 100, 1399 - tid);
		exit_at(w, tid, 100, 1399 - tid);
	}
	assert_int_equal(p->threads.n, 1);
}

static void many_threads_keep_their_own_names(void **state)
{
	struct world *w = *state;
	char name[16];

	assert_string_equal(name_of(w, 100, 100), "server");
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t tid = 1000 + i * 387 % 1000; /* each once, in no order */

		thread_at(w, 10 + i, 100, 100, tid);
		snprintf(name, sizeof(name), "worker-%u", tid);
		rename_at(w, 10 + i, 100, tid, name);
	}
	for (uint32_t tid = 1000; tid < 2000; tid++) {
		snprintf(name, sizeof(name), "worker-%u", tid);
		assert_string_equal(name_of(w, 100, tid), name);
	}
}

static void exec_leaves_one_thread_with_the_programs_name(void **state)
{
	struct world *w = *state;

	assert_string_equal(name_of(w, 100, 103), "old worker");
	apply(w, exec_event(20, 100, "gzip"));
	assert_string_equal(name_of(w, 100, 100), "gzip");
	assert_int_equal(processes_find(&w->processes, 100)->threads.n, 0);
}

static void a_child_is_called_as_the_thread_that_forked(void **state)
{
	struct world *w = *state;

	assert_string_equal(name_of(w, 100, 103), "old worker");
	apply(w, (struct process_event){ .kind = PROCESS_EVENT_FORK, .time_ns = 10, .pid = 300,
					 .tid = 300, .parent_pid = 100, .parent_tid = 103 });
	assert_string_equal(name_of(w, 300, 300), "old worker");
	assert_string_equal(processes_find(&w->processes, 300)->comm, "old worker");
}

static void a_thread_that_was_looked_at_in_time_keeps_its_name_when_it_is_gone(void **state)
{
	struct world *w = *state;
	struct process *p = processes_sampled(&w->processes, 100, 0, true);

	assert_non_null(p);
	threads_look(&w->processes, p);
	proc_tree_name_thread(&w->tree, 100, 103, "another\n"); /* its number has been given away */
	assert_string_equal(name_of(w, 100, 103), "old worker");
}

static void lost_events_have_names_read_again(void **state)
{
	struct world *w = *state;

	assert_string_equal(name_of(w, 100, 103), "old worker");
	proc_tree_name_thread(&w->tree, 100, 103, "renamed\n");
	assert_string_equal(name_of(w, 100, 103), "old worker");
	apply(w, (struct process_event){ .kind = PROCESS_EVENT_LOST, .lost = 1 });
	assert_string_equal(name_of(w, 100, 103), "renamed");
}

static void names_that_samples_bring_are_not_followed(void **state)
{
	struct world *w = *state;

	w->processes.follows_threads = false;
	assert_non_null(processes_sampled(&w->processes, 100, 0, true));
	thread_at(w, 10, 100, 100, 105);
	rename_at(w, 12, 100, 105, "worker");
	rename_at(w, 13, 100, 100, "main");
	assert_int_equal(processes_find(&w->processes, 100)->threads.n, 0);
	assert_string_equal(processes_find(&w->processes, 100)->comm, "main");
}

#define THREADS(name) cmocka_unit_test_setup_teardown(name, set_up_threads, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		THREADS(a_thread_that_ran_before_is_asked_for_once),
		THREADS(a_thread_that_is_gone_has_no_name),
		THREADS(a_thread_is_called_as_its_maker_until_it_says_otherwise),
		THREADS(a_name_goes_with_its_thread),
		THREADS(many_threads_keep_their_own_names),
		THREADS(exec_leaves_one_thread_with_the_programs_name),
		THREADS(a_child_is_called_as_the_thread_that_forked),
		THREADS(a_thread_that_was_looked_at_in_time_keeps_its_name_when_it_is_gone),
		THREADS(lost_events_have_names_read_again),
		THREADS(names_that_samples_bring_are_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
