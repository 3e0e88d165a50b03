/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unwound MS: burns CPU time for so long in stacks that only unwinding rules lead out of, since it is
 * built without frame pointers: through a callback of libc, in a signal handler, in a thread, below
 * frames of many sizes, and deeper than a piece of stack of 8 KiB.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

#include "argument.h"
#include "spin.h"

enum { PIECE_NS = 2000000, SMALL = 24, LARGE = 1000, DEPTH = 12 };

#define APART __attribute__((noipa)) /* a function of its own, as it stands here */

APART static uint64_t work(uint64_t ns)
{
	return spin(ns);
}

APART static uint64_t below_small(int depth)
{
	char locals[SMALL];
	uint64_t x;

	KEEP(locals);
	x = depth > 0 ? below_small(depth - 1) : work(PIECE_NS);
	KEEP(x);
	return x;
}

APART static uint64_t below_large(int depth)
{
	char locals[LARGE];
	uint64_t x;

	KEEP(locals);
	x = depth > 0 ? below_large(depth - 1) : work(PIECE_NS);
	KEEP(x);
	return x;
}

/* What is on the stack is known when it runs only. */
APART static uint64_t below_any(int size)
{
	char *locals = __builtin_alloca((size_t)size);
	uint64_t x;

	KEEP(locals);
	x = work(PIECE_NS);
	KEEP(x);
	return x;
}

APART static int compare(const void *a, const void *b)
{
	KEEP(work(PIECE_NS));
	return *(const int *)a - *(const int *)b;
}

APART static void on_alarm(int number)
{
	KEEP(number);
	KEEP(work(PIECE_NS / 2));
}

APART static void *in_thread(void *is_over)
{
	while (!__atomic_load_n((int *)is_over, __ATOMIC_RELAXED))
		KEEP(below_small(DEPTH));
	return NULL;
}

int main(int argc, char **argv)
{
	const struct itimerval often = { { 0, 10000 }, { 0, 10000 } };
	const struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	int is_over = 0, numbers[] = { 2, 1 };
	pthread_t thread;
	uint64_t end;

	if (argc != 2 || pthread_create(&thread, NULL, in_thread, &is_over) != 0)
		return 2;
	end = thread_cpu_ns() + (uint64_t)number(argv[1]) * 1000000;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int size = 16; thread_cpu_ns() < end; size = size % 1999 + 16) {
		qsort(numbers, 2, sizeof(numbers[0]), compare);
		KEEP(below_small(size % DEPTH));
		KEEP(below_large(DEPTH));
		KEEP(below_any(size));
	}
	__atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
	return pthread_join(thread, NULL);
}
