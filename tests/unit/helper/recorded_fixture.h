/* SPDX-License-Identifier: Apache-2.0 */
/* Files made by binutils, and a /usr/lib/debug that is the test's alone. */
#pragma once

#include "helpers_fixture.h"

#include <sched.h>
#include <spawn.h>
#include <sys/mount.h>

static inline void run(char *const *argv)
{
	int status;
	pid_t pid;

	assert_int_equal(posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static inline const char *in_folder(const struct fixture *f, const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned int n;
	char *path = paths[n++ % 8];

	snprintf(path, PATH_MAX, "%s/%s", f->folder, name);
	return path;
}

struct build {
	uint8_t id[HELPER_MAX_BUILD_ID];
	uint32_t len;
};

/* /usr/lib/debug is an empty folder of ours, for us and whom we start from now on. */
static inline bool debug_folder_make(struct fixture *f)
{
	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	assert_true(mkdir("/usr/lib/debug", 0755) == 0 || errno == EEXIST);
	assert_int_equal(mkdir(in_folder(f, "debug"), 0755), 0);
	return mount(in_folder(f, "debug"), "/usr/lib/debug", NULL, MS_BIND, NULL) == 0;
}

/* Files below it are open still. */
static inline void debug_folder_end(void)
{
	assert_int_equal(umount2("/usr/lib/debug", MNT_DETACH), 0);
}

static inline void debug_file_put(struct fixture *f, const char *from, const struct build *b)
{
	char path[PATH_MAX];
	int at;

	at = snprintf(path, sizeof(path), "/usr/lib/debug/.build-id");
	(void)mkdir(path, 0755);
	at += snprintf(path + at, sizeof(path) - (size_t)at, "/%02x", b->id[0]);
	(void)mkdir(path, 0755);
	path[at++] = '/';
	for (uint32_t i = 1; i < b->len; i++)
		at += snprintf(path + at, sizeof(path) - (size_t)at, "%02x", b->id[i]);
	snprintf(path + at, sizeof(path) - (size_t)at, ".debug");
	copy_file(in_folder(f, from), path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
