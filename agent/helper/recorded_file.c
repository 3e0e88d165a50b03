/* SPDX-License-Identifier: Apache-2.0 */
/* As debug_file.c, but without a process whose root could be looked into, and without a link. */
#include "helper/recorded_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "helper/debug_file.h"
#include "helper/protocol.h"
#include "helper/target_file.h"
#include "helper/target_root.h"
#include "util/cleanup.h"
#include "util/sys.h"

static bool path_itself(const struct recorded_file *f, char *to, size_t size)
{
	return f->path[0] == '/' && (size_t)snprintf(to, size, "%s", f->path) < size;
}

static bool path_by_id(const struct recorded_file *f, char *to, size_t size)
{
	static const struct build_place place = { DEBUG_FOLDER, ".debug" };

	return debug_file_path_by_id(&place, f->build_id, f->build_id_len, to, size);
}

/* Fedora's name of it, and that of kernels everywhere. */
static bool path_with_suffix(const struct recorded_file *f, char *to, size_t size)
{
	return f->path[0] == '/' && f->build_id_len > 0 &&
	       (size_t)snprintf(to, size, DEBUG_FOLDER "%s.debug", f->path) < size;
}

static bool path_below(const struct recorded_file *f, char *to, size_t size)
{
	return f->path[0] == '/' && f->build_id_len > 0 &&
	       (size_t)snprintf(to, size, DEBUG_FOLDER "%s", f->path) < size;
}

/* perf has programs, and the vdso, each in a folder of its build id (tools/perf/util/build-id.c). */
static bool path_in_store(const struct recorded_file *f, const char *suffix, char *to, size_t size)
{
	const struct build_place place = { f->perf_store, suffix };

	return f->perf_store &&
	       debug_file_path_by_id(&place, f->build_id, f->build_id_len, to, size);
}

static bool path_of_program(const struct recorded_file *f, char *to, size_t size)
{
	return path_in_store(f, "/elf", to, size);
}

static bool path_of_vdso(const struct recorded_file *f, char *to, size_t size)
{
	return path_in_store(f, "/vdso", to, size);
}

static bool (*const places[RECORDED_PLACES])(const struct recorded_file *f, char *to, size_t size) = {
	[RECORDED_AT_PATH] = path_itself,
	path_by_id,
	path_with_suffix,
	path_below,
	[RECORDED_IN_PERF_STORE] = path_of_program,
	path_of_vdso,
};

static int check(const struct recorded_file *f, unsigned int place, int fd)
{
	struct statfs fs;
	struct stat st;
	int r;

	r = sys_fstat(fd, &st);
	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode))
		return -ENOTSUP;
	if (place != RECORDED_AT_PATH && st.st_uid != 0 && st.st_uid != geteuid())
		return -EACCES;
	if (f->build_id_len == 0 && !(st.st_mode & S_IROTH))
		return -EACCES;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return target_file_system_is_remote((uint64_t)fs.f_type) ? -EREMOTE : 0;
}

static int place_open(const struct recorded_file *f, unsigned int place, int root)
{
	_cleanup_close_ int fd = -1;
	char path[HELPER_MAX_PATH];
	int r;

	if (!places[place](f, path, sizeof(path)))
		return -ENOENT;
	fd = target_path_open(root, path, 0);
	if (fd < 0)
		return fd;
	r = check(f, place, fd);
	return r < 0 ? r : target_reopen(fd);
}

int recorded_file_open(const struct recorded_file *f, unsigned int first, int *ret_fd)
{
	_cleanup_close_ int root = -1;
	int answer = -ENOENT;

	root = sys_open("/", O_PATH | O_DIRECTORY, 0);
	if (root < 0)
		return root;
	for (unsigned int i = first; i < RECORDED_PLACES; i++) {
		int fd = place_open(f, i, root);

		if (fd >= 0) {
			*ret_fd = fd;
			return (int)i;
		}
		if (i == RECORDED_AT_PATH)
			answer = fd;
	}
	return answer;
}
