/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold LIBRARY [MAPPINGS]: loads a library, says "ready", waits for a line of input, and from then on
 * spends all its time in the library. With MAPPINGS it first makes so many executable ones of a file
 * that nothing runs in.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "argument.h"
#include "spin.h"

/* Each at every other page of a file, so that the kernel cannot merge them. */
static int make_mappings(const char *path, int count)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	for (int i = 0; i < count; i++)
		if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 4096 * (i % 2)) == MAP_FAILED)
			return i;
	close(fd);
	return count;
}

int main(int argc, char **argv)
{
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	uint64_t (*work)(uint64_t ns);

	if (!library) {
		fprintf(stderr, "%s\n", argc > 1 ? dlerror() : "usage: hold LIBRARY [MAPPINGS]");
		return 2;
	}
	*(void **)&work = dlsym(library, "work");
	printf("ready %d\n", argc > 2 ? make_mappings(argv[1], number(argv[2])) : 0);
	fflush(stdout);
	if (getchar() == EOF)
		return 0;
	for (;;)
		KEEP(work(50000000));
}
