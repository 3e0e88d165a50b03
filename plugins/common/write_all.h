/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

/* Writes all of it, however often it takes. 0 or -errno; *ret_done gets how much was written. */
static inline int write_all(int fd, const void *data, size_t len, size_t *ret_done)
{
	for (*ret_done = 0; *ret_done < len;) {
		ssize_t n = write(fd, (const char *)data + *ret_done, len - *ret_done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		*ret_done += (size_t)n;
	}
	return 0;
}
