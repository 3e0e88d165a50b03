/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's perf takes the same file, with the same condition (dso__load_perf_map). */
#include "helper/perf_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "helper/target_file.h"
#include "helper/target_root.h"
#include "util/cleanup.h"
#include "util/sys.h"

struct identity {
	uid_t user;      /* effective */
	long inner_pid;  /* in the innermost of its pid namespaces */
};

/* The n-th word behind "\nkey:", the last one if n is -1; -1: there is none. */
static long status_number(const char *status, const char *key, int n)
{
	const char *p = strstr(status, key);
	long value = -1;

	if (!p)
		return -1;
	p += strlen(key);
	for (int i = 0; *p == '\t' || *p == ' '; i++) {
		char *end;
		long word = strtol(p, &end, 10);

		if (end == p)
			break;
		value = word;
		p = end;
		if (i == n)
			break;
	}
	return value;
}

static int identity_read(int process, struct identity *ret)
{
	_cleanup_close_ int fd = -1;
	char text[4096];
	long user, pid;
	ssize_t n;

	fd = sys_openat(process, "status", O_RDONLY, 0);
	if (fd < 0)
		return fd;
	n = sys_read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	user = status_number(text, "\nUid:", 1);
	pid = status_number(text, "\nNSpid:", -1);
	if (user < 0 || pid <= 0)
		return -ESRCH;
	*ret = (struct identity){ .user = (uid_t)user, .inner_pid = pid };
	return 0;
}

static int map_check(int fd, uid_t user, const char **ret_cause)
{
	struct statfs fs;
	struct stat st;
	int r;

	r = sys_fstat(fd, &st);
	if (r < 0)
		return r;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	*ret_cause = "generated code, and its /tmp/perf-PID.map is no regular file";
	if (!S_ISREG(st.st_mode))
		return -ENOTSUP;
	*ret_cause = "generated code, and its /tmp/perf-PID.map is another user's";
	if (st.st_uid != user && st.st_uid != 0)
		return -EACCES;
	*ret_cause = "generated code, and its /tmp/perf-PID.map is on a network or FUSE file system";
	return target_file_system_is_remote((uint64_t)fs.f_type) ? -EREMOTE : 0;
}

int perf_map_open(pid_t pid, uint64_t start_time, int *ret_fd, const char **ret_cause)
{
	_cleanup_close_ int process = -1, root = -1, fd = -1;
	struct identity identity;
	char path[64];
	int r;

	*ret_cause = "generated code, and the process is gone";
	process = target_process_open(pid, start_time);
	if (process < 0)
		return process;
	r = identity_read(process, &identity);
	if (r < 0)
		return r;
	*ret_cause = "generated code without a /tmp/perf-PID.map";
	root = target_root_open(process);
	if (root < 0)
		return root;
	snprintf(path, sizeof(path), "/tmp/perf-%ld.map", identity.inner_pid);
	fd = target_path_open(root, path, O_NOFOLLOW);
	if (fd < 0)
		return fd;
	r = map_check(fd, identity.user, ret_cause);
	if (r < 0)
		return r;
	r = target_reopen(fd);
	if (r < 0)
		return r;
	*ret_fd = r;
	return 0;
}
