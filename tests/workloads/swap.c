/* SPDX-License-Identifier: Apache-2.0 */
/*
 * swap LIBRARY-A LIBRARY-B MS COUNT: loads one library, runs it for MS milliseconds, unloads it and
 * does the same with the other, which the kernel maps where the first one was. Prints how often it did.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "argument.h"
#include "spin.h"

typedef uint64_t (*work_fn)(uint64_t ns);

__attribute__((noinline)) static void run_a(work_fn work, uint64_t ns)
{
	KEEP(work(ns));
}

__attribute__((noinline)) static void run_b(work_fn work, uint64_t ns)
{
	KEEP(work(ns));
}

static void *run(const char *path, uint64_t ns, void (*runner)(work_fn work, uint64_t ns))
{
	void *library = dlopen(path, RTLD_NOW), *work = library ? dlsym(library, "work") : NULL;

	if (!work) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	runner((work_fn)(uintptr_t)work, ns);
	dlclose(library);
	return work;
}

int main(int argc, char **argv)
{
	uint64_t ns;
	int same = 0;

	if (argc != 5)
		return 2;
	ns = (uint64_t)number(argv[3]) * 1000000;
	for (int i = 0; i < number(argv[4]); i++)
		same += run(argv[1], ns, run_a) == run(argv[2], ns, run_b);
	printf("%d\n", same);
	return 0;
}
