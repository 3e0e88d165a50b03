/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A socket file outlives its agent, and two agents may start at once. The lock tells the living
 * from the dead without a race: the kernel drops it with its process. The file of the lock stays,
 * since unlinking one that another process may just have opened brings the race back.
 */
#include "ctl/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "util/cleanup.h"
#include "util/str.h"
#include "util/sys.h"

#define ENDPOINT_MODE 0660
#define ENDPOINT_BACKLOG 16

int endpoint_address(const char *path, struct sockaddr_un *ret)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	memcpy(a.sun_path, path, strlen(path));
	*ret = a;
	return 0;
}

static int endpoint_lock(const char *path, int *ret_lock)
{
	_cleanup_free_ char *name = str_format("%s.lock", path);
	_cleanup_close_ int fd = -1;

	if (!name)
		return -ENOMEM;
	fd = sys_open(name, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
	if (fd < 0)
		return TAKE_FD(fd);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
	*ret_lock = TAKE_FD(fd);
	return 0;
}

/* Somebody may listen without our lock, where a cleaner of /run removed its file. */
static int endpoint_probe(const struct sockaddr_un *a)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)a, sizeof(*a)) == 0 || errno == EAGAIN)
		return -EADDRINUSE;
	return errno == ECONNREFUSED ? 0 : -errno;
}

static int endpoint_clear(const char *path, const struct sockaddr_un *a)
{
	struct stat st;
	int r;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	r = endpoint_probe(a);
	if (r < 0)
		return r;
	return sys_unlink(path);
}

int endpoint_listen(const char *path, int *ret_fd, int *ret_lock)
{
	_cleanup_close_ int fd = -1, lock = -1;
	struct sockaddr_un a;
	int r;

	r = endpoint_address(path, &a);
	if (r < 0)
		return r;
	r = endpoint_lock(path, &lock);
	if (r < 0)
		return r;
	r = endpoint_clear(path, &a);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* bind() takes the mode from the socket, less the umask: it is never wider than this. */
	if (fchmod(fd, ENDPOINT_MODE) < 0 ||
	    bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return -errno;
	if (chmod(path, ENDPOINT_MODE) < 0 || listen(fd, ENDPOINT_BACKLOG) < 0) {
		r = -errno;
		(void)unlink(path);
		return r;
	}
	*ret_fd = TAKE_FD(fd);
	*ret_lock = TAKE_FD(lock);
	return 0;
}
