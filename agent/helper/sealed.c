/* SPDX-License-Identifier: Apache-2.0 */
/* In this order: what needs a privilege first, then the privileges, then the way to any of them. */
#include "helper/sealed.h"

#include <malloc.h>

#include "helper/privilege.h"
#include "helper/sandbox.h"
#include "util/cleanup.h"

#define MAX_FDS 16
#define MAX_MEMORY (256ull << 20)

int sealed_enter(const char *name)
{
	static const struct {
		__rlimit_resource_t resource;
		uint64_t value;
	} limits[] = {
		{ RLIMIT_NOFILE, MAX_FDS },
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_FSIZE, 0 },
	};
	int r;

	r = privilege_become_nobody();
	if (r < 0)
		return r;
	r = privilege_keep_capabilities(0);
	if (r < 0)
		return r;
	r = privilege_enter_helper(name);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		r = privilege_limit(limits[i].resource, limits[i].value);
		if (r < 0)
			return r;
	}
	r = privilege_limit_memory(MAX_MEMORY);
	if (r < 0)
		return r;
	/* Fixed, or glibc would raise them after the first large free() and keep the memory. */
	(void)mallopt(M_MMAP_THRESHOLD, 64 << 10);
	(void)mallopt(M_TRIM_THRESHOLD, 64 << 10);
	return sandbox_seal();
}
