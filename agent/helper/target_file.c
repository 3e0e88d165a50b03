/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three ways lead to a mapped file: its path inside the root of the process, the mapping itself
 * (/proc/PID/map_files, also for deleted and replaced files, needs cap_checkpoint_restore), and
 * /proc/PID/exe. Each is taken with O_PATH, which neither blocks on a FIFO nor wakes a device,
 * and only a file that is proven to be the mapped one is opened for reading.
 *
 * The proof is device and inode of the mapping. Two file systems answer stat(2) with another
 * device than the one that maps and MMAP2 events show: btrfs (one per subvolume) and overlayfs
 * (one per layer). There, the inode decides; a mapping reached through map_files is the mapped
 * file by construction, and the inode only guards against a range that was mapped anew.
 */
#include "helper/target_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "helper/target_root.h"
#include "util/cleanup.h"
#include "util/sys.h"

/* Values that linux/magic.h of Debian 12 lacks are from the kernel's sources, fs/<name>/. */
static const uint64_t remote_file_systems[] = {
	FUSE_SUPER_MAGIC, NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC,
	V9FS_MAGIC, AFS_SUPER_MAGIC, AFS_FS_MAGIC, CODA_SUPER_MAGIC, CEPH_SUPER_MAGIC,
	NCP_SUPER_MAGIC, 0x7461636f /* OCFS2 */, 0x01161970 /* GFS2 */, 0x0bd00bd0 /* Lustre */,
	0x65735543 /* fusectl */, 0x786f4256 /* vboxsf */, 0xbacbacbc /* vmhgfs */,
};

bool target_file_system_is_remote(uint64_t f_type)
{
	for (size_t i = 0; i < ARRAY_SIZE(remote_file_systems); i++)
		if (remote_file_systems[i] == (f_type & 0xffffffff))
			return true;
	return false;
}

static int path_open(int process, const struct target_file *t)
{
	_cleanup_close_ int root = -1;

	root = target_root_open(process);
	return root < 0 ? root : target_path_open(root, t->path, 0);
}

static int mapping_open(int process, const struct target_file *t)
{
	char path[64];

	if (t->map_end <= t->map_start)
		return -ENOENT;
	snprintf(path, sizeof(path), "map_files/%" PRIx64 "-%" PRIx64, t->map_start, t->map_end);
	return sys_openat(process, path, O_PATH, 0);
}

static int exe_open(int process, const struct target_file *t)
{
	(void)t;
	return sys_openat(process, "exe", O_PATH, 0);
}

static bool device_is_per_layer(uint64_t f_type)
{
	return f_type == BTRFS_SUPER_MAGIC || f_type == OVERLAYFS_SUPER_MAGIC;
}

/*
 * 0 if fd is the mapped file and may be read. AT_STATX_DONT_SYNC: what the kernel knows is
 * enough, a file server need not be asked.
 */
static int candidate_check(int fd, const struct target_file *t, bool is_mapping,
			   const char **ret_cause)
{
	struct statx st;
	struct statfs fs;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &st) < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	*ret_cause = "another file is in its place";
	if (st.stx_ino != t->inode)
		return -ESTALE;
	if ((st.stx_dev_major != t->device_major || st.stx_dev_minor != t->device_minor) &&
	    !is_mapping && !device_is_per_layer((uint64_t)fs.f_type))
		return -ESTALE;
	*ret_cause = "not a regular file";
	if (!S_ISREG(st.stx_mode))
		return -ENOTSUP;
	*ret_cause = "on a network or FUSE file system, which is never read";
	if (target_file_system_is_remote((uint64_t)fs.f_type))
		return -EREMOTE;
	return 0;
}

static const struct {
	int (*open)(int process, const struct target_file *t);
	bool is_mapping;
} candidates[] = {
	{ path_open, false },
	{ mapping_open, true },
	{ exe_open, false },
};

static const char *cause_of(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENOTDIR:
		return "the file is gone";
	case -EACCES:
	case -EPERM:
		return "not permitted to read it (needs cap_sys_ptrace and cap_dac_read_search)";
	case -ELOOP:
		return "its path loops or leads through /proc";
	case -EMFILE:
	case -ENFILE:
		return "too many open files in the opener";
	default:
		return "cannot be opened";
	}
}

/* One candidate, whole. *ret_cause is set only where errno does not say it. */
static int candidate_try(size_t which, int process, const struct target_file *t, int *ret_fd,
			 const char **ret_cause)
{
	_cleanup_close_ int path_fd = -1;
	const char *cause = NULL;
	int r;

	path_fd = candidates[which].open(process, t);
	if (path_fd < 0)
		return path_fd;
	r = candidate_check(path_fd, t, candidates[which].is_mapping, &cause);
	if (r < 0) {
		*ret_cause = cause;
		return r;
	}
	r = target_reopen(path_fd);
	if (r < 0)
		return r;
	*ret_fd = r;
	return 0;
}

/* Those who are refused at map_files and found the file gone want to know what would help. */
static const char *cause_combined(int path_error, int mapping_error, const char *path_cause)
{
	if (mapping_error != -EPERM && mapping_error != -EACCES)
		return path_cause;
	if (path_error == -ENOENT)
		return "the file is gone; reading it through the mapping needs cap_checkpoint_restore";
	if (path_error == -ESTALE)
		return "another file is in its place; reading the mapped one needs "
		       "cap_checkpoint_restore";
	return path_cause;
}

int target_file_open(const struct target_file *t, int *ret_fd, const char **ret_cause)
{
	_cleanup_close_ int process = -1;
	const char *causes[ARRAY_SIZE(candidates)] = {};
	int errors[ARRAY_SIZE(candidates)] = {};
	int r;

	process = target_process_open(t->pid, t->start_time);
	if (process < 0) {
		*ret_cause = "the process is gone";
		return process;
	}
	for (size_t i = 0; i < ARRAY_SIZE(candidates); i++) {
		r = candidate_try(i, process, t, ret_fd, &causes[i]);
		if (r == 0)
			return 0;
		errors[i] = r;
		if (!causes[i])
			causes[i] = cause_of(r);
		/* The mapped file was found, and it is one that must not be read. */
		if (r == -EREMOTE || r == -ENOTSUP) {
			*ret_cause = causes[i];
			return r;
		}
	}

	*ret_cause = cause_combined(errors[0], errors[1], causes[0]);
	return errors[0];
}
