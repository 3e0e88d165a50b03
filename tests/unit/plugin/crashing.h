/* SPDX-License-Identifier: Apache-2.0 */
/* Ways to crash, and a child to crash in. */
#pragma once

#include "unit/plugin/fixture.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

static volatile int zero;
static volatile int *volatile nowhere; /* whose value the compiler may not know */

/* The fault itself is wanted, not what a sanitizer says of it. */
#define UNCHECKED __attribute__((no_sanitize("undefined", "thread")))

UNCHECKED static inline void dereference_null(void)
{
	*nowhere = 1;
}

UNCHECKED static inline void call_null(void)
{
	void (*volatile function)(void) = NULL;

	function();
}

UNCHECKED static inline void divide_by_zero(void)
{
	zero = 7 / zero; /* 1 / x needs no division */
}

static inline void abort_it(void)
{
	abort();
}

static inline void read_behind_the_end_of_a_file(void)
{
	int fd = memfd_create("short", MFD_CLOEXEC);
	volatile char *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	zero = p[0];
}

static inline void run_an_illegal_instruction(void)
{
	__builtin_trap();
}

/* Without an end in sight of the compiler; the use of `here` keeps calls from becoming jumps. */
__attribute__((noinline, unused)) static int recurse(volatile char *outer, int depth)
{
	volatile char here[1024];

	here[0] = outer ? *outer : 1;
	return depth == -1 ? 0 : recurse(here, depth + 1) + here[0];
}

static inline void overflow_the_stack(void)
{
	zero = recurse(NULL, 0);
}

/* What a child writes to stderr, and how it ends. */
struct ending {
	char text[16384];
	int status;
};

static inline void run_child(void (*child)(void *ctx), void *ctx, struct ending *ret)
{
	const struct rlimit none = { 0, 0 };
	size_t len = 0;
	int ends[2];
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &none);
		(void)dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		child(ctx);
		_exit(0);
	}
	close(ends[1]);
	while ((n = read(ends[0], ret->text + len, sizeof(ret->text) - 1 - len)) > 0)
		len += (size_t)n;
	ret->text[len] = 0;
	close(ends[0]);
	assert_int_equal(waitpid(pid, &ret->status, 0), pid);
}

static inline void assert_says(const struct ending *e, const char *words)
{
	if (!strstr(e->text, words))
		fail_msg("\"%s\" is not in the report:\n%s", words, e->text);
}
