/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of plugin/ share: the fake plugins of this build, copies of files. */
#pragma once

#include "unit/util/fixture.h"

#include <fcntl.h>
#include <sys/sendfile.h>

#include "plugin/trust.h"

/* tests/fake-plugins of the build that this program belongs to. */
static inline const char *fake_dir(void)
{
	static char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);

	assert_true(n > 0);
	path[n] = 0;
	for (int i = 0; i < 2; i++)
		*strrchr(path, '/') = 0;
	snprintf(path + strlen(path), 32, "/fake-plugins");
	return path;
}

/* Who builds and runs the tests owns the fakes; temporary folders are in a sticky /tmp. */
static inline struct trust test_trust(void)
{
	return (struct trust){ .owner = getuid(), .is_development = true };
}

static inline void test_copy(const char *from, const char *to, mode_t mode)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
	struct stat st;

	assert_true(in >= 0 && out >= 0);
	assert_int_equal(fstat(in, &st), 0);
	assert_int_equal(sendfile(out, in, NULL, (size_t)st.st_size), st.st_size);
	assert_int_equal(fchmod(out, mode), 0);
	close(in);
	close(out);
}

static inline void test_copy_fake(void **state, const char *fake, const char *name)
{
	char from[PATH_MAX];

	snprintf(from, sizeof(from), "%s/%s.so", fake_dir(), fake);
	test_copy(from, test_path(state, name), 0644);
}
