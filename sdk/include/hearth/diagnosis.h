/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the three diagnose callbacks of a component say, and to whom: the lines of
 * `hearth doctor`. Rules and thread tags as in hearth/plugin.h.
 */
#ifndef HEARTH_DIAGNOSIS_H
#define HEARTH_DIAGNOSIS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Size-prefixed like every struct of plugin.h. */
struct hearth_diagnosis {
	uint32_t size, reserved;
	/*
	 * Prints one line: what was looked at, whether it is good, what mends it. severity: 0 OK, 1
	 * works with a cost, 2 does not work. mend: a command or NULL.
	 */
	void (*line)(const struct hearth_diagnosis *d, int32_t severity, const char *subject,
		     const char *finding, const char *mend);

	/*
	 * Only in diagnose_file(): opens a further regular file for reading by its absolute path.
	 * The fd is the caller's. -ENOENT; -EACCES: not everybody may read it; -ENOTSUP: no regular
	 * file; -EREMOTE: on a network or FUSE file system.
	 */
	int32_t (*open)(const struct hearth_diagnosis *d, const char *path);

	/* Only in diagnose_options(): as of struct hearth_host. NULL: unset, or no string. */
	const char *(*option_string)(const struct hearth_diagnosis *d, const char *name);
};

#ifdef __cplusplus
}
#endif
#endif
