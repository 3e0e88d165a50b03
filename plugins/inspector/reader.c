/* SPDX-License-Identifier: Apache-2.0 */
/* pread in a loop. SYS_fstat and not fstat(): glibc's takes newfstatat, which the seal forbids. */
#include "reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int reader_open_fd(struct reader *r, int fd)
{
	struct stat st;

	if (syscall(SYS_fstat, fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < 0)
		return -EINVAL;
	*r = (struct reader){ .fd = fd, .size = (uint64_t)st.st_size };
	return 0;
}

void reader_open_memory(struct reader *r, const void *data, size_t size)
{
	*r = (struct reader){ .fd = -1, .data = data, .size = size };
}

static int fd_get(int fd, uint64_t offset, uint8_t *to, size_t len)
{
	while (len > 0) {
		ssize_t n = pread(fd, to, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ERANGE; /* it was cut under our eyes */
		to += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int reader_get(const struct reader *r, uint64_t offset, void *to, size_t len)
{
	if (offset > r->size || len > r->size - offset)
		return -ERANGE;
	if (r->fd >= 0)
		return fd_get(r->fd, offset, to, len);
	if (offset < r->first)
		return -ERANGE;
	if (len > 0)
		memcpy(to, r->data + (offset - r->first), len);
	return 0;
}

int reader_load(const struct reader *from, uint64_t offset, size_t len, struct reader *ret,
		uint8_t **ret_data)
{
	uint8_t *data = malloc(len ? len : 1);
	int k;

	if (!data)
		return -ENOMEM;
	k = reader_get(from, offset, data, len);
	if (k < 0) {
		free(data);
		return k;
	}
	*ret = (struct reader){ .fd = -1, .data = data, .size = offset + len, .first = offset };
	*ret_data = data;
	return 0;
}

int reader_get_some(const struct reader *r, uint64_t offset, void *to, size_t max, size_t *ret)
{
	size_t len;
	int k;

	if (offset >= r->size) {
		*ret = 0;
		return 0;
	}
	len = max < r->size - offset ? max : (size_t)(r->size - offset);
	k = reader_get(r, offset, to, len);
	if (k == 0)
		*ret = len;
	return k;
}
