/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Non-blocking is a property of the open file, which standard output shares with whoever started
 * this process, so the pipe behind it is opened anew. A reader that goes away is an error of
 * write(): the host ignores SIGPIPE.
 */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "reserve.h"

int stream_check_stdout(void)
{
	struct stat st;

	if (fstat(STDOUT_FILENO, &st) < 0)
		return -errno;
	return S_ISSOCK(st.st_mode) || isatty(STDOUT_FILENO) ? -ENOTSUP : 0;
}

int stream_open_stdout(struct stream *s)
{
	struct stat st;
	int fd;

	if (fstat(STDOUT_FILENO, &st) < 0)
		return -errno;
	if (S_ISFIFO(st.st_mode))
		fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	else
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	s->fd = fd;
	return 0;
}

int stream_make_fifo(const char *path)
{
	struct stat st;

	if (mkfifo(path, 0640) < 0 && errno != EEXIST)
		return -errno;
	if (stat(path, &st) < 0)
		return -errno;
	return S_ISFIFO(st.st_mode) ? 0 : -ENOTSUP;
}

int stream_open_fifo(struct stream *s, const char *path)
{
	int r = stream_make_fifo(path);

	if (r < 0)
		return r;
	r = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (r < 0)
		return -errno;
	s->fd = r;
	return 0;
}

void stream_close(struct stream *s)
{
	closep(&s->fd);
	s->fd = -1;
	s->at = s->len = 0;
}

void stream_done(struct stream *s)
{
	stream_close(s);
	free(TAKE_PTR(s->bytes));
	s->capacity = 0;
}

int stream_put(struct stream *s, const void *bytes, size_t len)
{
	if (len > s->max_bytes - s->len)
		return -ENOBUFS;
	if (s->at && s->bytes)
		memmove(s->bytes, s->bytes + s->at, s->len);
	s->at = 0;
	if (!reserve(&s->bytes, &s->capacity, s->len + len, 1))
		return -ENOMEM;
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
	return 0;
}

int stream_flush(struct stream *s)
{
	while (s->len) {
		ssize_t n = write(s->fd, s->bytes + s->at, s->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		s->at += (size_t)n;
		s->len -= (size_t)n;
	}
	return 0;
}
