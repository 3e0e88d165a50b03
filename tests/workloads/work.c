/* SPDX-License-Identifier: Apache-2.0 */
/*
 * work-a and work-b: burn MS milliseconds in spin_a or spin_b. With a COUNT they then run each
 * other in the same process, COUNT times in all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "argument.h"
#include "spin.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

__attribute__((noinline)) uint64_t JOIN(spin_, ME)(uint64_t ns);

uint64_t JOIN(spin_, ME)(uint64_t ns)
{
	return spin(ns);
}

int main(int argc, char **argv)
{
	char count[24];
	int left;

	if (argc < 2) {
		fputs("usage: work-a MS [COUNT OTHER]\n", stderr);
		return 2;
	}
	KEEP(JOIN(spin_, ME)((uint64_t)number(argv[1]) * 1000000));
	left = argc > 3 ? number(argv[2]) - 1 : 0;
	if (left <= 0)
		return 0;
	snprintf(count, sizeof(count), "%d", left);
	execl(argv[3], argv[3], argv[1], count, argv[0], (char *)NULL);
	perror(argv[3]);
	return 1;
}
