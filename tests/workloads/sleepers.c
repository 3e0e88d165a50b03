/* SPDX-License-Identifier: Apache-2.0 */
/* sleepers COUNT: as many sleeping processes; says "ready" when all are there, and takes them along. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "argument.h"

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	for (int i = 0; i < number(argv[1]); i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("fork");
			return 1;
		}
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	}
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
