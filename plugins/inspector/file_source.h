/* SPDX-License-Identifier: Apache-2.0 */
/* Where further files come from while one is diagnosed: from the host, or from a test's memory. */
#pragma once

#include <unistd.h>

#include "reader.h"

struct file_source {
	/* A regular file by its absolute path. *ret is close()d by the caller. 0 or -errno. */
	int (*open)(void *ctx, const char *path, struct reader *ret);
	void *ctx;
};

static inline void file_source_close(struct reader *r)
{
	if (r->fd >= 0)
		(void)close(r->fd);
	r->fd = -1;
}
