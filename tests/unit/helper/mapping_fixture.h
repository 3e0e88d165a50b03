/* SPDX-License-Identifier: Apache-2.0 */
/* A process under test that maps a file, and what /proc/PID/maps says of that mapping. */
#pragma once

#include "unit/util/fixture.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "util/cleanup.h"
#include "util/file.h"

struct mapping {
	pid_t pid;
	uint64_t start_time, start, end, inode;
	unsigned int major, minor;
	char path[PATH_MAX];
};

static inline void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(close(fd), 0);
}

static inline uint64_t start_time_of(pid_t pid)
{
	_cleanup_free_ char *text = NULL;
	char path[64], *p, *save = NULL;
	size_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fd_read_all(fd, 4096, &text, &len), 0);
	close(fd);
	p = strtok_r(strrchr(text, ')') + 2, " ", &save);
	for (int field = 3; field < 22; field++)
		p = strtok_r(NULL, " ", &save);
	return strtoull(p, NULL, 10);
}

/* The first mapping of `pid` whose path contains `name`. */
static inline void mapping_find(pid_t pid, const char *name, struct mapping *ret)
{
	char path[64], line[PATH_MAX + 128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	assert_non_null(f);
	ret->pid = 0;
	while (fgets(line, sizeof(line), f) && ret->pid == 0) {
		int at = 0;

		if (!strstr(line, name))
			continue;
		assert_int_equal(sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*x %x:%x %" SCNu64 " %n",
					&ret->start, &ret->end, &ret->major, &ret->minor, &ret->inode,
					&at), 5);
		line[strcspn(line, "\n")] = '\0';
		snprintf(ret->path, sizeof(ret->path), "%s", line + at);
		ret->pid = pid;
	}
	fclose(f);
	assert_int_equal(ret->pid, pid);
	ret->start_time = start_time_of(pid);
}

/* A child that maps what `open_it` opens, and stays until the test ends it. */
static inline pid_t child_maps(int (*open_it)(const char *path), const char *path)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 ? open_it(path) : -1;
		void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

		if (fd < 0 || p == MAP_FAILED || write(ready[1], "r", 1) != 1)
			_exit(1);
		close(fd);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

/* A child whose root is the folder. */
static inline pid_t child_in_root(const char *root)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || chroot(root) < 0 ||
		    write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static inline int open_plainly(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC);
}

static inline void child_end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}
