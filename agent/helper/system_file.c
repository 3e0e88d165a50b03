/* SPDX-License-Identifier: Apache-2.0 */
/* statx tells the number of the mount, and that of a mount elsewhere is not in our own list. */
#include "helper/system_file.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "util/cleanup.h"

static void file_closep(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

/* Each line begins with the number. */
static bool is_own_mount(uint64_t mount)
{
	_cleanup_(file_closep) FILE *f = fopen("/proc/self/mountinfo", "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	while (f && getline(&line, &size, f) > 0)
		if (strtoull(line, NULL, 10) == mount)
			return true;
	return false;
}

static bool is_of_trusted_owner(const struct statx *st)
{
	return S_ISREG(st->stx_mode) && !(st->stx_mode & (S_IWGRP | S_IWOTH)) &&
	       (st->stx_uid == 0 || st->stx_uid == geteuid());
}

bool system_file_is(int fd)
{
	struct statvfs fs;
	struct statx st;

	/* Kernels before 5.8 do not tell the mount. */
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_MNT_ID,
		  &st) < 0 ||
	    !(st.stx_mask & STATX_MNT_ID) || !is_of_trusted_owner(&st))
		return false;
	return fstatvfs(fd, &fs) == 0 && !(fs.f_flag & ST_NOSUID) && is_own_mount(st.stx_mnt_id);
}
