/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deep FRAMES [wide]: burns CPU time below so many frames, each with a frame pointer, until it is
 * killed or its parent ends. What a sample costs beyond its first frame is measured on it. Wide frames
 * have half a KiB of locals each, so that no two of them lie close to each other.
 */
#include <signal.h>
#include <sys/prctl.h>

#include "argument.h"
#include "spin.h"

enum { WIDE_BYTES = 512 };

__attribute__((noinline)) static uint64_t descend(int frames)
{
	uint64_t x = frames > 1 ? descend(frames - 1) : spin(UINT64_MAX / 2);

	KEEP(x);
	return x;
}

__attribute__((noinline)) static uint64_t descend_wide(int frames)
{
	char locals[WIDE_BYTES];
	uint64_t x;

	KEEP(locals);
	x = frames > 1 ? descend_wide(frames - 1) : spin(UINT64_MAX / 2);
	KEEP(locals);
	KEEP(x);
	return x;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	KEEP(argc > 2 ? descend_wide(number(argv[1])) : descend(number(argv[1])));
	return 0;
}
