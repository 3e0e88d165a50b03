/* SPDX-License-Identifier: Apache-2.0 */
/* The places are those of GDB and of the distributions' packages, in GDB's order. */
#include "helper/debug_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "helper/protocol.h"
#include "helper/target_file.h"
#include "helper/target_root.h"
#include "util/cleanup.h"
#include "util/sys.h"

#define DEBUG_FOLDER "/usr/lib/debug"

/* "/usr/lib/debug/.build-id/ab/cdef….debug"; false: no build id that could be a name. */
static bool path_by_id(const struct debug_file *d, char *to, size_t size)
{
	char hex[2 * HELPER_MAX_BUILD_ID + 1];

	if (d->build_id_len < 2 || d->build_id_len > HELPER_MAX_BUILD_ID)
		return false;
	for (uint32_t i = 0; i < d->build_id_len; i++)
		snprintf(hex + 2 * i, 3, "%02x", d->build_id[i]);
	return (size_t)snprintf(to, size, DEBUG_FOLDER "/.build-id/%.2s/%s.debug", hex, hex + 2) < size;
}

static bool path_by_link(const struct debug_file *d, const char *before, const char *between,
			 char *to, size_t size)
{
	const char *slash = strrchr(d->path, '/');

	if (!*d->link || !slash)
		return false;
	return (size_t)snprintf(to, size, "%s%.*s%s/%s", before, (int)(slash - d->path), d->path,
				between, d->link) < size;
}

/* False: the file has no such place. */
static bool place_path(const struct debug_file *d, unsigned int place, char *to, size_t size)
{
	switch (place) {
	case 0:
	case 4:
		return path_by_id(d, to, size);
	case 1:
		return path_by_link(d, "", "", to, size);
	case 2:
		return path_by_link(d, "", "/.debug", to, size);
	case 3:
	case 5:
		return path_by_link(d, DEBUG_FOLDER, "", to, size);
	default:
		return false;
	}
}

static bool place_is_ours(unsigned int place)
{
	return place >= 4;
}

static bool is_trusted(const struct debug_file *d, unsigned int place, const struct stat *st)
{
	if (place_is_ours(place))
		return st->st_uid == 0 || st->st_uid == geteuid();
	return st->st_uid == d->owner && st->st_dev == d->device;
}

static int place_open(const struct debug_file *d, unsigned int place, int root)
{
	_cleanup_close_ int fd = -1;
	char path[HELPER_MAX_PATH];
	struct statfs fs;
	struct stat st;

	if (root < 0 || !place_path(d, place, path, sizeof(path)))
		return -ENOENT;
	fd = target_path_open(root, path, 0);
	if (fd < 0)
		return fd;
	if (sys_fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0 || !S_ISREG(st.st_mode) ||
	    !is_trusted(d, place, &st) || target_file_system_is_remote((uint64_t)fs.f_type))
		return -ENOENT;
	return target_reopen(fd);
}

int debug_file_open(const struct debug_file *d, unsigned int first, int *ret_fd)
{
	_cleanup_close_ int process = -1, root = -1, own_root = -1;

	process = target_process_open(d->pid, d->start_time);
	if (process >= 0)
		root = target_root_open(process);
	own_root = sys_open("/", O_PATH | O_DIRECTORY, 0);
	for (unsigned int place = first; place < DEBUG_FILE_PLACES; place++) {
		int fd = place_open(d, place, place_is_ours(place) ? own_root : root);

		if (fd >= 0) {
			*ret_fd = fd;
			return (int)place;
		}
	}
	return -ENOENT;
}
