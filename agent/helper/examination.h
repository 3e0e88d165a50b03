/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hearth_component.diagnose_file in a process of its own: the file may be made to turn its reader
 * against whoever reads it. The process is sealed like the inspector; whatever else it wants to
 * read, it asks for, and gets what everybody may read. Main thread; blocks.
 */
#pragma once

#include <stdint.h>

struct examination {
	const char *executable;       /* NULL: /proc/self/exe */
	char *const *plugin_dirs;
	const char *plugin, *component;
	int fd;
	const char *path;             /* of fd: absolute, without symbolic links */
	uint64_t timeout_ns;          /* 0: 10 s */
	void (*line)(void *ctx, int32_t severity, const char *subject, const char *finding,
		     const char *mend); /* mend may be NULL */
	void *ctx;
};

/*
 * 0 when the component has said everything. -ETIMEDOUT, -ECONNRESET (it died) or what kept the
 * process from starting: *ret_why gets an allocated clause, NULL without memory.
 */
int examination_run(const struct examination *e, char **ret_why);

/* What `hearth helper examiner` runs; the socket is fd 3. Returns an exit status. */
struct hearth_component;
int helper_examiner_main(const struct hearth_component *component);
