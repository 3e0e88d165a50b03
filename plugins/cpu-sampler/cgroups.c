/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machines with v1, with v2 and with both at once are all about, and one controller has another
 * index in each kernel's build: so the mounts are asked what a folder is, and the kernel's type
 * information which number its controller has.
 */
#include "cgroups.h"

#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <bpf/btf.h>
#include <linux/magic.h>

#include "common/cleanup.h"

#define HOW "`cat /proc/PID/cgroup` names that of a process, and the folders lie below /sys/fs/cgroup"

enum { MOUNT_LINE_BYTES = 4096, SUBSYSTEM_NONE = -2 };


/* ---- v1: which controller ---- */

/* The kernel's enum spells "memory_cgrp_id"; only the disk controller was renamed meanwhile. */
static bool is_subsystem(const char *enumerator, const char *controller, size_t len)
{
	if (len == 5 && memcmp(controller, "blkio", 5) == 0) {
		controller = "io";
		len = 2;
	}
	return strncmp(enumerator, controller, len) == 0 &&
	       strcmp(enumerator + len, "_cgrp_id") == 0;
}

static int32_t subsystem_of(const struct btf *btf, const struct btf_type *type,
			    const char *controller, size_t len)
{
	const struct btf_enum *e = btf_enum(type);

	for (uint16_t i = 0; i < btf_vlen(type); i++)
		if (is_subsystem(btf__name_by_offset(btf, e[i].name_off), controller, len))
			return e[i].val;
	return SUBSYSTEM_NONE;
}

/* The first controller among the options of a mount, "rw,relatime,cpu,cpuacct". */
static int32_t subsystem_of_mount(const char *options)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int32_t id = btf ? btf__find_by_name_kind(btf, "cgroup_subsys_id", BTF_KIND_ENUM) : -1;
	int32_t found = SUBSYSTEM_NONE;

	while (id > 0 && found == SUBSYSTEM_NONE && *options) {
		size_t len = strcspn(options, ",");

		found = subsystem_of(btf, btf__type_by_id(btf, (uint32_t)id), options, len);
		options += len + (options[len] == ',');
	}
	btf__free(btf);
	return found;
}

/* Of the hierarchy that a folder on `device` belongs to; SUBSYSTEM_NONE: it has no controller. */
static int32_t subsystem_on(dev_t device)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	int32_t found = SUBSYSTEM_NONE;
	char line[MOUNT_LINE_BYTES];
	struct mntent m;
	struct stat st;

	while (mounts && found == SUBSYSTEM_NONE &&
	       getmntent_r(mounts, &m, line, sizeof(line)))
		if (strcmp(m.mnt_type, "cgroup") == 0 && stat(m.mnt_dir, &st) == 0 &&
		    st.st_dev == device)
			found = subsystem_of_mount(m.mnt_opts);
	if (mounts)
		endmntent(mounts);
	return found;
}

/* ---- folders ---- */

static bool is_cgroup(const char *folder)
{
	struct statfs fs;
	struct stat st;

	return stat(folder, &st) == 0 && S_ISDIR(st.st_mode) && statfs(folder, &fs) == 0 &&
	       (fs.f_type == CGROUP2_SUPER_MAGIC || fs.f_type == CGROUP_SUPER_MAGIC);
}

/* "/system.slice/ssh.service" lies below wherever v2 is mounted; NULL: it does not, or no memory. */
static char *folder_below_mount(const char *path)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char line[MOUNT_LINE_BYTES], *folder = NULL;
	struct mntent m;

	while (mounts && !folder && getmntent_r(mounts, &m, line, sizeof(line))) {
		if (strcmp(m.mnt_type, "cgroup2") != 0)
			continue;
		if (asprintf(&folder, "%s/%s", m.mnt_dir, path + strspn(path, "/")) < 0)
			folder = NULL;
		else if (!is_cgroup(folder))
			free(TAKE_PTR(folder));
	}
	if (mounts)
		endmntent(mounts);
	return folder;
}

static int folder_find(const char *path, char **ret, struct why *why)
{
	if (!*path)
		return why_set(why, -EINVAL, "the name of a cgroup is missing; " HOW);
	*ret = is_cgroup(path) ? strdup(path) : folder_below_mount(path);
	if (*ret)
		return 0;
	return why_set(why, -ENOENT, "\"%s\" is no cgroup, neither as a folder nor below the mount of "
		       "cgroup v2; " HOW, path);
}

/* What cgroup a folder is. */
static int folder_read(const char *folder, uint64_t *ret_id, int32_t *ret_subsystem,
		       struct why *why)
{
	struct statfs fs;
	struct stat st;

	if (stat(folder, &st) < 0 || statfs(folder, &fs) < 0)
		return why_set(why, -errno, "cannot look at cgroup \"%s\": %s", folder,
			       strerror(errno));
	*ret_id = st.st_ino;
	*ret_subsystem = fs.f_type == CGROUP2_SUPER_MAGIC ? CGROUPS_V2 : subsystem_on(st.st_dev);
	if (*ret_subsystem == SUBSYSTEM_NONE)
		return why_set(why, -EOPNOTSUPP, "cgroup \"%s\" belongs to a hierarchy without a "
			       "controller; name the same group below another one, such as "
			       "/sys/fs/cgroup/memory", folder);
	return 0;
}

static int cgroups_add(struct cgroups *c, const char *path, struct why *why)
{
	_cleanup_free_ char *folder = NULL;
	int32_t subsystem = SUBSYSTEM_NONE;
	uint64_t id = 0;
	int r = folder_find(path, &folder, why);

	if (r == 0)
		r = folder_read(folder, &id, &subsystem, why);
	if (r < 0)
		return r;
	if (c->n > 0 && subsystem != c->subsystem)
		return why_set(why, -EXDEV, "cgroups \"%s\" and \"%s\" are of two hierarchies; name all of "
			       "them in one, where there is a choice below that of v2", c->folders[0],
			       folder);
	c->subsystem = subsystem;
	c->ids[c->n] = id;
	c->folders[c->n++] = TAKE_PTR(folder);
	return 0;
}

int cgroups_find(char *const *paths, size_t n, struct cgroups *ret, struct why *why)
{
	struct cgroups c = { .subsystem = CGROUPS_V2 };
	int r = 0;

	c.ids = calloc(n ? n : 1, sizeof(*c.ids));
	c.folders = calloc(n ? n : 1, sizeof(*c.folders));
	if (!c.ids || !c.folders)
		r = why_set(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n && r == 0; i++)
		r = cgroups_add(&c, paths[i], why);
	if (r < 0) {
		cgroups_done(&c);
		return r;
	}
	*ret = c;
	return 0;
}

void cgroups_done(struct cgroups *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->folders[i]);
	free(c->folders);
	free(c->ids);
	memset(c, 0, sizeof(*c));
}

bool cgroups_refresh(struct cgroups *c)
{
	bool has_changed = false;
	struct stat st;

	for (size_t i = 0; i < c->n; i++) {
		if (stat(c->folders[i], &st) < 0 || st.st_ino == c->ids[i])
			continue; /* while it is gone, its old number does no harm */
		c->ids[i] = st.st_ino;
		has_changed = true;
	}
	return has_changed;
}
