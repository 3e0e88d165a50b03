/* SPDX-License-Identifier: Apache-2.0 */
#include <malloc.h>

#include "cli/cli.h"

int main(int argc, char **argv)
{
	/*
	 * A thread per instance must not mean a heap per instance, and large batches go back to
	 * the system when they are freed instead of leaving holes that only look like a leak.
	 */
	(void)mallopt(M_ARENA_MAX, 2);
	(void)mallopt(M_MMAP_THRESHOLD, 128 << 10);
	return cli_run(argc, argv);
}
