/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn COUNT AT_ONCE PID PROGRAM-A PROGRAM-B MS: runs them in turn, COUNT processes in all, and
 * prints the CPU time that the kernel charged to each, in nanoseconds. PID 0: any; else all of them
 * get that one, one after the other.
 */
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "argument.h"

enum { MAX_AT_ONCE = 64 };

struct child {
	pid_t pid;
	int program;
};

static pid_t fork_as(pid_t pid)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	if (!pid)
		return fork();
	args.set_tid = (uintptr_t)&pid;
	args.set_tid_size = 1;
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static pid_t start(pid_t as, const char *program, const char *ms)
{
	pid_t pid = fork_as(as);

	if (pid == 0) {
		execl(program, program, ms, (char *)NULL);
		_exit(127);
	}
	if (pid < 0) {
		perror("fork");
		exit(1);
	}
	return pid;
}

static uint64_t nanoseconds(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_usec * 1000;
}

static struct child *find(struct child *children, pid_t pid)
{
	for (int i = 0; i < MAX_AT_ONCE; i++)
		if (children[i].pid == pid)
			return &children[i];
	abort();
}

static void reap(struct child *children, uint64_t ran[2])
{
	struct rusage use;
	int status;
	pid_t pid = wait4(-1, &status, 0, &use);
	struct child *c;

	if (pid < 0 || status != 0) {
		fprintf(stderr, "a child ended with status %#x\n", status);
		exit(1);
	}
	c = find(children, pid);
	c->pid = 0;
	ran[c->program] += nanoseconds(use.ru_utime) + nanoseconds(use.ru_stime);
}

int main(int argc, char **argv)
{
	struct child children[MAX_AT_ONCE] = {};
	uint64_t ran[2] = {};
	int count, at_once, running = 0;
	pid_t as;

	if (argc != 7)
		return 2;
	count = number(argv[1]);
	at_once = number(argv[2]);
	as = (pid_t)number(argv[3]);
	for (int i = 0; i < count; i++, running++) {
		if (running == at_once) {
			reap(children, ran);
			running--;
		}
		*find(children, 0) = (struct child){ start(as, argv[4 + i % 2], argv[6]), i % 2 };
	}
	while (running--)
		reap(children, ran);
	printf("%llu %llu\n", (unsigned long long)ran[0], (unsigned long long)ran[1]);
	return 0;
}
