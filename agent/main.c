/* SPDX-License-Identifier: Apache-2.0 */
#include <malloc.h>

#include "cli/cli.h"

int main(int argc, char **argv)
{
	/* A worker per plugin must not mean an arena per plugin: they allocate a few times a second. */
	mallopt(M_ARENA_MAX, 2);
	return cli_run(argc, argv);
}
