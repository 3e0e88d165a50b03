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

#define SUFFIX ".debug"

static const struct place {
	bool is_ours;                 /* in our own root, not in that of the process */
	const char *before, *between; /* the path of the stripped file's folder; NULL: by build id */
} places[DEBUG_FILE_PLACES] = {
	{ false, NULL, NULL },
	{ false, "", "" },
	{ false, "", "/.debug" },
	{ false, DEBUG_FOLDER, "" },
	{ true, NULL, NULL },
	{ true, DEBUG_FOLDER, "" },
};

bool debug_file_path_by_id(const struct build_place *place, const uint8_t *build_id, uint32_t len,
			   char *to, size_t size)
{
	char hex[2 * HELPER_MAX_BUILD_ID + 1];

	if (len < 2 || len > HELPER_MAX_BUILD_ID)
		return false;
	for (uint32_t i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", build_id[i]);
	return (size_t)snprintf(to, size, "%s/.build-id/%.2s/%s%s", place->folder, hex, hex + 2,
				place->suffix) < size;
}

/*
 * The link's name comes from the inspector, which the file may have taken over; what is opened
 * here is handed to it. So it cannot name just any file.
 */
static bool link_is_safe(const char *link)
{
	size_t len = strlen(link), suffix_len = strlen(SUFFIX);

	return !strchr(link, '/') && len > suffix_len && strcmp(link + len - suffix_len, SUFFIX) == 0;
}

static bool path_by_link(const struct debug_file *d, const struct place *place, char *to, size_t size)
{
	const char *slash = strrchr(d->path, '/');

	if (!slash || !link_is_safe(d->link))
		return false;
	return (size_t)snprintf(to, size, "%s%.*s%s/%s", place->before, (int)(slash - d->path),
				d->path, place->between, d->link) < size;
}

static bool is_trusted(const struct debug_file *d, const struct place *place, const struct stat *st)
{
	if (place->is_ours)
		return st->st_uid == 0 || st->st_uid == geteuid();
	return st->st_uid == d->owner && st->st_dev == d->device;
}

static int place_open(const struct debug_file *d, const struct place *place, int root)
{
	static const struct build_place by_id = { DEBUG_FOLDER, SUFFIX };
	_cleanup_close_ int fd = -1;
	char path[HELPER_MAX_PATH];
	struct statfs fs;
	struct stat st;
	bool is_path;

	is_path = place->before ? path_by_link(d, place, path, sizeof(path))
				: debug_file_path_by_id(&by_id, d->build_id, d->build_id_len, path,
							sizeof(path));
	if (root < 0 || !is_path)
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
	for (unsigned int i = first; i < DEBUG_FILE_PLACES; i++) {
		int fd = place_open(d, &places[i], places[i].is_ours ? own_root : root);

		if (fd >= 0) {
			*ret_fd = fd;
			return (int)i;
		}
	}
	return -ENOENT;
}
