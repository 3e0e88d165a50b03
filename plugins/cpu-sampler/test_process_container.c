/* SPDX-License-Identifier: Apache-2.0 */
/* Which container a process is in, told by its control group at the right moment. */
#include "test_processes.h"

#define CONTAINER "4f2d6a1c9e0b8d7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f"

static const char *container_of(struct world *w, uint32_t pid, uint64_t start_time)
{
	return processes_sampled(&w->processes, pid, start_time, false)->container.id;
}

static void a_container_is_read_once_per_program(void **state)
{
	struct world *w = *state;

	proc_tree_add(&w->tree, 100, 1, "runc", 50, 0x1000, BASH_MAPS);
	proc_tree_write(&w->tree, 100, "cgroup", "0::/system.slice/containerd.service\n");
	assert_string_equal(container_of(w, 100, 50), "");
	proc_tree_write(&w->tree, 100, "cgroup", "0::/docker/" CONTAINER "\n");
	assert_string_equal(container_of(w, 100, 50), "");
	apply(w, exec_event(5, 100, "nginx"));
	assert_string_equal(container_of(w, 100, 50), CONTAINER);
}

static void a_child_that_is_gone_was_in_its_parents_container(void **state)
{
	struct world *w = *state;

	proc_tree_add(&w->tree, 100, 1, "sh", 50, 0x1000, BASH_MAPS);
	proc_tree_write(&w->tree, 100, "cgroup", "0::/docker/" CONTAINER "\n");
	assert_string_equal(container_of(w, 100, 50), CONTAINER);
	fork_at(w, 10, 100, 101);
	apply(w, exec_event(11, 101, "gzip"));
	assert_string_equal(container_of(w, 101, 60), CONTAINER);
}

static void the_container_of_a_successor_is_not_taken(void **state)
{
	struct world *w = *state;

	fork_at(w, 10, 1, 101);
	proc_tree_add(&w->tree, 101, 1, "later", 70, 0x1000, BASH_MAPS);
	proc_tree_write(&w->tree, 101, "cgroup", "0::/docker/" CONTAINER "\n");
	assert_string_equal(container_of(w, 101, 60), "");
}


int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_container_is_read_once_per_program),
		TEST(a_child_that_is_gone_was_in_its_parents_container),
		TEST(the_container_of_a_successor_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
