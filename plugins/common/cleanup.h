/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owning locals for plugins, with the names that the host uses:
 * `_cleanup_(x_freep) struct x *p = NULL;`, handed over with TAKE_PTR/TAKE_FD.
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _cleanup_free_ _cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)

#define TAKE_PTR(p) \
	({ \
		__typeof__(p) *take_ = &(p); \
		__typeof__(p) taken_ = *take_; \
		*take_ = NULL; \
		taken_; \
	})

#define TAKE_FD(fd) \
	({ \
		int *take_ = &(fd); \
		int taken_ = *take_; \
		*take_ = -1; \
		taken_; \
	})

#define DEFINE_CLEANUP(type, func) \
	static inline void func##p(type *p) \
	{ \
		if (*p) \
			func(*p); \
	}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void freep(void *p)
{
	free(*(void **)p);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}
