/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deep FRAMES: burns CPU time below so many frames, each with a frame pointer, until it is killed or
 * its parent ends. What a sample costs beyond the first frame is measured on it.
 */
#include <signal.h>
#include <sys/prctl.h>

#include "argument.h"
#include "spin.h"

__attribute__((noinline)) static uint64_t descend(int frames)
{
	uint64_t x = frames > 1 ? descend(frames - 1) : spin(UINT64_MAX / 2);

	KEEP(x);
	return x;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	KEEP(descend(number(argv[1])));
	return 0;
}
