/* SPDX-License-Identifier: Apache-2.0 */
/* Of a process that ran before the sampler did, these files are all that tells who it is. */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

/* Field numbers of proc(5). Those from 3 on follow the last ")", as a comm may hold one. */
enum { STAT_PPID = 4, STAT_THREADS = 20, STAT_START_TIME = 22, STAT_START_CODE = 26 };

static void copy_comm(char *out, const char *from, size_t len)
{
	if (len > PROC_COMM_BYTES - 1)
		len = PROC_COMM_BYTES - 1;
	memcpy(out, from, len);
	out[len] = 0;
}

static int take_field(struct proc_stat *s, unsigned field, const char *text)
{
	char *end;
	unsigned long long v = strtoull(text, &end, 10);

	if (field == STAT_PPID || field == STAT_THREADS || field == STAT_START_TIME)
		if (end == text || (*end && *end != ' ' && *end != '\n'))
			return -EBADMSG;
	switch (field) {
	case STAT_PPID:
		s->parent_pid = (uint32_t)v;
		break;
	case STAT_THREADS:
		s->n_threads = (uint32_t)v;
		break;
	case STAT_START_TIME:
		s->start_time = v;
		break;
	case STAT_START_CODE:
		s->start_code = v;
		break;
	}
	return 0;
}

int proc_stat_parse(const char *text, size_t len, struct proc_stat *ret)
{
	_cleanup_free_ char *copy = calloc(1, len + 1);
	struct proc_stat s = {};
	char *open, *close, *at;
	unsigned field = 2;
	int r;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, len);
	open = strchr(copy, '(');
	close = strrchr(copy, ')');
	if (!open || !close || close < open)
		return -EBADMSG;
	copy_comm(s.comm, open + 1, (size_t)(close - open - 1));
	for (at = strchr(close, ' '); at && field < STAT_START_CODE; at = strchr(at, ' ')) {
		r = take_field(&s, ++field, ++at);
		if (r < 0)
			return r;
	}
	if (field < STAT_START_TIME)
		return -EBADMSG;
	*ret = s;
	return 0;
}

static int open_file(const char *root, uint32_t pid, const char *name)
{
	char path[4096];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%u/%s", root, pid, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int proc_read_stat(const char *root, uint32_t pid, struct proc_stat *ret)
{
	_cleanup_close_ int fd = open_file(root, pid, "stat");
	char text[1024]; /* 52 numbers and a comm; /proc hands it out in one read */
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		return -errno;
	return proc_stat_parse(text, (size_t)n, ret);
}

int proc_read_thread_comm(const char *root, uint32_t pid, uint32_t tid,
			  char ret_comm[PROC_COMM_BYTES])
{
	char name[32], text[PROC_COMM_BYTES];
	_cleanup_close_ int fd = -1;
	ssize_t n;

	snprintf(name, sizeof(name), "task/%u/comm", tid);
	fd = open_file(root, pid, name);
	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		return -errno;
	while (n > 0 && text[n - 1] == '\n')
		n--;
	copy_comm(ret_comm, text, (size_t)n);
	return 0;
}

int proc_read_container(const char *root, uint32_t pid, struct container *ret)
{
	_cleanup_close_ int fd = open_file(root, pid, "cgroup");
	char text[16384]; /* a dozen hierarchies of cgroup v1, with paths of a few hundred bytes */
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return fd;
	while (len < sizeof(text) && (n = read(fd, text + len, sizeof(text) - len)) != 0) {
		if (n < 0)
			return -errno;
		len += (size_t)n;
	}
	container_parse(text, len, ret);
	return 0;
}

int proc_read_maps(const char *root, uint32_t pid, maps_line_fn fn, void *ctx)
{
	_cleanup_close_ int fd = open_file(root, pid, "maps");

	return fd < 0 ? fd : maps_read(fd, fn, ctx);
}
