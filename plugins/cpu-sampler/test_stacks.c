/* SPDX-License-Identifier: Apache-2.0 */
/*
 * User stacks of every shape are whole: the BPF program reads them in pieces, and a piece may hold
 * many frames, or a part of one, or end where nothing is mapped. Needs root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <sys/mman.h>

#include "test_live.h"

enum { STACK_BYTES = 256 << 10, WIDE_BYTES = 1000, FAR_BYTES = 100 };

struct tally {
	uint32_t pid;
	uint64_t n, whole;
};

static void add_stack(void *ctx, const struct hearth_flat *f, const struct hearth_sample *s)
{
	struct tally *tally = ctx;
	struct hearth_stack stack = hearth_profile_stack(f, s->stack);

	if (process_of(f, s).pid != tally->pid)
		return;
	tally->n++;
	tally->whole += stack.truncated == 0 && stack.count >= DEPTH;
}

/* ---- stacks ---- */

static __attribute__((noinline)) uint64_t burn_wide(unsigned int depth)
{
	char locals[WIDE_BYTES];

	__asm__ volatile("" : : "r"(locals) : "memory");
	return (depth > 1 ? burn_wide(depth - 1) : burn(1)) + (uint64_t)locals[0];
}

static __attribute__((noinline)) uint64_t burn_mixed(unsigned int depth)
{
	char locals[FAR_BYTES];

	__asm__ volatile("" : : "r"(locals) : "memory");
	return (depth > 1 ? burn_mixed(depth - 1) : burn(DEPTH / 2)) + (uint64_t)locals[0];
}

static int dense(void *unused)
{
	(void)unused;
	return (int)burn(DEPTH);
}

static int wide(void *unused)
{
	(void)unused;
	return (int)burn_wide(DEPTH);
}

static int mixed(void *unused)
{
	(void)unused;
	return (int)burn_mixed(DEPTH / 2);
}

/* In a thread whose stack begins where its mapping ends; clone() of glibc ends the chain of frames. */
static void run_at_the_edge(int (*body)(void *unused))
{
	char *stack = mmap(NULL, 2 * STACK_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stack == MAP_FAILED || mprotect(stack, STACK_BYTES, PROT_READ | PROT_WRITE) < 0 ||
	    clone(body, stack + STACK_BYTES, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, NULL) < 0)
		_exit(2);
	idle();
}

static void run_dense(void)
{
	run_at_the_edge(dense);
}

static void run_wide(void)
{
	run_at_the_edge(wide);
}

static void run_mixed(void)
{
	run_at_the_edge(mixed);
}

/* ---- tests ---- */

static void assert_whole(void (*load)(void))
{
	char pids[32];
	const char *settings[] = { "frequency=997", pids, NULL };
	struct tally tally = {};
	struct hearth_mock m;

#ifdef __SANITIZE_THREAD__
	skip(); /* its runtime, without frame pointers, stands in for the stack in some samples */
#endif
	tally.pid = (uint32_t)start_child(load);
	snprintf(pids, sizeof(pids), "pids=%u", tally.pid);
	begin(&m, settings);
	run_for(&m, NS_PER_S / 2);
	finish(&m);
	each_sample(&m, add_stack, &tally);
	end(&m);
	end_child((pid_t)tally.pid);
	assert_true(tally.n > 10);
	if (tally.whole * 100 < tally.n * 98) /* some are of the kernel, on the way in or out */
		fail_msg("%llu of %llu stacks are whole", (unsigned long long)tally.whole,
			 (unsigned long long)tally.n);
}

static void frames_close_to_each_other_are_all_there(void **state)
{
	(void)state;
	assert_whole(run_dense);
}

static void frames_far_from_each_other_are_all_there(void **state)
{
	(void)state;
	assert_whole(run_wide);
}

static void frames_of_several_sizes_are_all_there(void **state)
{
	(void)state;
	assert_whole(run_mixed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_close_to_each_other_are_all_there),
		cmocka_unit_test(frames_far_from_each_other_are_all_there),
		cmocka_unit_test(frames_of_several_sizes_are_all_there),
	};

	return cmocka_run_group_tests(tests, needs_root, NULL);
}
