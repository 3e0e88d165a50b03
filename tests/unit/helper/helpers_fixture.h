/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real helper processes: hearth and inspector.so of the build tree that the test belongs to.
 */
#pragma once

#include "mapping_fixture.h"

#include <sys/sysmacros.h>

#include "helper/helpers.h"
#include "loop/loop.h"
#include "util/clock.h"
#include "util/str.h"

struct fixture {
	char *folder;
	struct loop *loop;
	struct helpers *helpers;
};

/* BUILD/tests/unit/test-helper-helpers → BUILD/name */
static inline char *built(const char *name, char ret[static PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	for (int i = 0; i < 3; i++)
		*strrchr(self, '/') = '\0';
	assert_true(snprintf(ret, PATH_MAX, "%s/%s", self, name) < PATH_MAX);
	return ret;
}

/* cache_dir NULL: no tables are stored. */
static inline int helpers_begin_with(struct fixture *f, const char *cache_dir)
{
	char executable[PATH_MAX], plugins[PATH_MAX];
	char *dirs[] = { built("plugins", plugins), NULL };
	struct helper_options options = {
		.executable = built("hearth", executable),
		.plugin_dirs = dirs,
		.cache_dir = cache_dir,
		.symbols_max_bytes = 64 << 20,
	};

	return helpers_new(f->loop, &options, &f->helpers);
}

static inline int helpers_begin(struct fixture *f)
{
	return helpers_begin_with(f, NULL);
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_int_equal(test_folder_setup(state), 0);
	f->folder = *state;
	*state = f;
	assert_int_equal(loop_new(&f->loop), 0);
	return helpers_begin(f);
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	helpers_free(f->helpers);
	loop_free(f->loop);
	*state = f->folder;
	free(f);
	return test_folder_teardown(state);
}

/* What came for one question. */
struct reply {
	struct helper_answer *answer;
	unsigned int n_answers;
	uint64_t at_ns;
};

static inline void on_answer(void *ctx, struct helper_answer *answer)
{
	struct reply *reply = ctx;

	free(reply->answer);
	reply->answer = answer;
	reply->n_answers++;
	reply->at_ns = clock_monotonic_ns();
}

static inline void reply_done(struct reply *reply)
{
	free(reply->answer);
}

#define _cleanup_reply_ _cleanup_(reply_done)

static inline void wait_for(struct fixture *f, struct reply *reply)
{
	uint64_t end = clock_monotonic_ns() + 5 * NS_PER_S;

	while (reply->n_answers == 0 && clock_monotonic_ns() < end)
		assert_int_equal(loop_run_once(f->loop, 100), 0);
	assert_int_equal(reply->n_answers, 1);
}

static inline struct hearth_inspect_target target_of_path(const char *path)
{
	struct hearth_inspect_target t = { .size = sizeof(t), .pid = getpid(), .path = path };
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	t.inode = st.st_ino;
	t.device_major = major(st.st_dev);
	t.device_minor = minor(st.st_dev);
	return t;
}

static inline const struct hearth_inspected *ask_open(struct fixture *f, const char *path,
						      struct reply *reply)
{
	struct hearth_inspect_target t = target_of_path(path);

	assert_int_equal(helpers_open(f->helpers, &t, on_answer, reply), 0);
	wait_for(f, reply);
	return &reply->answer->inspected;
}

static inline uint64_t open_handle(struct fixture *f, const char *path)
{
	_cleanup_reply_ struct reply reply = {};
	const struct hearth_inspected *i = ask_open(f, path, &reply);

	assert_int_equal(i->status, 0);
	return i->handle;
}

static inline void copy_file(const char *from, const char *to)
{
	_cleanup_free_ char *data = NULL;
	size_t len;
	int fd;

	assert_int_equal(file_read(from, 64 << 20, &data, &len), 0);
	fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, data, len), 0);
	close(fd);
}

static inline pid_t opener_of(struct fixture *f)
{
	pid_t opener, inspector;

	helpers_pids(f->helpers, &opener, &inspector);
	return opener;
}

static inline pid_t inspector_of(struct fixture *f)
{
	pid_t opener, inspector;

	helpers_pids(f->helpers, &opener, &inspector);
	return inspector;
}
