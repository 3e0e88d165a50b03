/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recurse MS: burns MS milliseconds below calls that come back to themselves: descend calls itself,
 * ping and pong call each other, and at the bottom each has some time to itself and some in the
 * kernel. A function that is many times on a stack is where profilers count differently.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "argument.h"
#include "spin.h"

enum { DEPTH = 6, BOTTOM_NS = 200000 };

__attribute__((noinline)) uint64_t read_zeros(int fd);
__attribute__((noinline)) uint64_t descend(int depth, int fd);
__attribute__((noinline)) uint64_t ping(int depth, int fd);
__attribute__((noinline)) uint64_t pong(int depth, int fd);

uint64_t read_zeros(int fd)
{
	char zeros[16384] = "";

	return (uint64_t)read(fd, zeros, sizeof(zeros)) + (uint64_t)zeros[0];
}

uint64_t descend(int depth, int fd)
{
	uint64_t x = depth % 3 == 0 ? spin(BOTTOM_NS / 4) : 0;

	if (depth == 0)
		return x + read_zeros(fd) + spin(BOTTOM_NS);
	x += descend(depth - 1, fd);
	KEEP(x);
	return x;
}

uint64_t ping(int depth, int fd)
{
	uint64_t x = depth > 0 ? pong(depth - 1, fd) : descend(2, fd);

	KEEP(x);
	return x;
}

uint64_t pong(int depth, int fd)
{
	uint64_t x = depth > 0 ? ping(depth - 1, fd) : spin(BOTTOM_NS);

	KEEP(x);
	return x;
}

int main(int argc, char **argv)
{
	uint64_t end;
	int fd;

	if (argc != 2) {
		fputs("usage: recurse MS\n", stderr);
		return 2;
	}
	end = thread_cpu_ns() + (uint64_t)number(argv[1]) * 1000000;
	fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	for (int depth = 0; thread_cpu_ns() < end; depth = (depth + 1) % DEPTH)
		KEEP(descend(depth, fd) + ping(depth, fd));
	return 0;
}
