/* SPDX-License-Identifier: Apache-2.0 */
/* O_PATH first: what may be read is decided about a file that is held, not about its name. */
#include "helper/target_root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/sys.h"

/* Field 22 of /proc/PID/stat; the name before it may hold blanks and parentheses. */
static int stat_start_time(const char *text, uint64_t *ret)
{
	const char *p = strrchr(text, ')');

	for (int field = 2; p && field < 22; field++) {
		p = strchr(p, ' ');
		if (p)
			p++;
	}
	if (!p || *p < '0' || *p > '9')
		return -EBADMSG;
	*ret = strtoull(p, NULL, 10);
	return 0;
}

static int start_time_check(int process, uint64_t wanted)
{
	_cleanup_close_ int fd = -1;
	uint64_t start_time;
	char text[1024];
	ssize_t n;

	fd = sys_openat(process, "stat", O_RDONLY, 0);
	if (fd < 0)
		return -ESRCH;
	n = sys_read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	return stat_start_time(text, &start_time) == 0 && start_time == wanted ? 0 : -ESRCH;
}

int target_process_open(pid_t pid, uint64_t start_time)
{
	_cleanup_close_ int process = -1;
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	process = sys_open(path, O_PATH | O_DIRECTORY, 0);
	if (process < 0)
		return process == -ENOENT ? -ESRCH : process;
	r = start_time != 0 ? start_time_check(process, start_time) : 0;
	return r < 0 ? r : TAKE_FD(process);
}

int target_root_open(int process)
{
	return sys_openat(process, "root", O_PATH | O_DIRECTORY, 0);
}

int target_path_open(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(O_PATH | O_CLOEXEC | flags),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

int target_reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
}
