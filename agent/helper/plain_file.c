/* SPDX-License-Identifier: Apache-2.0 */
/* O_PATH first: it neither blocks on a FIFO nor wakes a device; what it proved is opened anew. */
#include "helper/plain_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "helper/target_file.h"
#include "util/cleanup.h"
#include "util/sys.h"

static int check_stranger(int fd, const struct stat *st)
{
	struct statfs fs;

	if (!(st->st_mode & S_IROTH) && geteuid() == 0)
		return -EACCES;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return target_file_system_is_remote((uint64_t)fs.f_type) ? -EREMOTE : 0;
}

int plain_file_open(const char *path, bool is_chosen, int *ret_fd)
{
	_cleanup_close_ int path_fd = -1;
	char again[32];
	struct stat st;
	int r;

	path_fd = sys_open(path, O_PATH, 0);
	if (path_fd < 0)
		return path_fd;
	r = sys_fstat(path_fd, &st);
	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode))
		return -ENOTSUP;
	r = is_chosen ? 0 : check_stranger(path_fd, &st);
	if (r < 0)
		return r;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", path_fd);
	r = sys_open(again, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (r < 0)
		return r;
	*ret_fd = r;
	return 0;
}
