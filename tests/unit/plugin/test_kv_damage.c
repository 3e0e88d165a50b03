/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/kv_place.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

/* First of all tests here, because warnings are limited per process. */
static void damage_is_warned_of_once_with_both_places(void **state)
{
	struct kv_place p = place_of(state);
	char *log = strdup(test_path(state, "log")), *text = NULL;
	const char *warning;

	put(&p, "k", "value");
	assert_int_equal(truncate(test_path(state, "kv/sink/k.kv"), 3), 0);
	log_set_level(HEARTH_LOG_WARNING);
	assert_int_equal(log_open(LOG_TARGET_FILE, log), 0);
	assert_absent(&p, "k");
	assert_absent(&p, "k");
	log_close();
	assert_int_equal(file_read(log, 4096, &text, NULL), 0);
	warning = strstr(text, "/kv/sink/k.kv cannot be used (it is cut short) and counts as absent; "
			       "it is kept as ");
	assert_non_null(warning);
	assert_non_null(strstr(warning, "/bad/"));
	assert_string_equal(strchr(warning, '\n'), "\n"); /* nothing follows */
	free(log);
	free(text);
}

static void flipped_byte_or_cut_makes_a_key_absent_and_keeps_the_file(void **state)
{
	struct kv_place p = place_of(state);
	char *path = strdup(test_path(state, "kv/sink/k.kv"));
	struct stat st;

	put(&p, "k", "some value");
	assert_int_equal(stat(path, &st), 0);
	for (off_t i = 0; i < st.st_size; i++) {
		uint8_t byte;
		int fd;

		put(&p, "k", "some value");
		fd = open(path, O_RDWR | O_CLOEXEC);
		assert_int_equal(pread(fd, &byte, 1, i), 1);
		byte ^= 0x41;
		assert_int_equal(pwrite(fd, &byte, 1, i), 1);
		close(fd);
		assert_absent(&p, "k");
		assert_int_equal(access(path, F_OK), -1);
		put(&p, "k", "some value");
		assert_int_equal(truncate(path, i), 0);
		assert_absent(&p, "k");
	}
	assert_true(count_entries(test_path(state, "bad")) > 40);
	free(path);
}

static void plant_socket(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
}

static void plant(const char *path, char kind)
{
	switch (kind) {
	case 'd':
		assert_int_equal(dir_make(path, 0700), 0);
		return;
	case 'f':
		assert_int_equal(mkfifo(path, 0600), 0);
		return;
	case 'l':
		assert_int_equal(symlink("/etc/passwd", path), 0);
		return;
	case 's':
		plant_socket(path);
		return;
	case '0':
		assert_int_equal(file_write_atomic(path, "", 0, 0600, true), 0);
		return;
	}
}

static void whatever_stands_in_the_place_of_a_key_is_set_aside(void **state)
{
	struct kv_place p = place_of(state);
	char *path = strdup(test_path(state, "kv/sink/k.kv"));

	for (const char *kind = "dfls0"; *kind; kind++) {
		put(&p, "k", "x");
		assert_int_equal(kv_remove(&p, "k"), 0);
		plant(path, *kind);
		assert_absent(&p, "k");
		plant(path, *kind);
		put(&p, "k", "after");
		assert_value(&p, "k", "after");
		assert_int_equal(kv_remove(&p, "k"), 0);
		plant(path, *kind);
		assert_int_equal(kv_remove(&p, "k"), 0);
		assert_absent(&p, "k");
	}
	assert_int_equal(access("/etc/passwd", F_OK), 0);
	free(path);
}

static void whatever_stands_in_the_place_of_a_folder_is_set_aside(void **state)
{
	static const char *const folders[] = { "kv/sink", "kv", "bad" };
	struct kv_place p = place_of(state);

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		for (const char *kind = "fls0"; *kind; kind++) {
			char *path = strdup(test_path(state, folders[i]));

			put(&p, "k", "x");
			(void)nftw(path, test_remove_one, 16, FTW_DEPTH | FTW_PHYS);
			plant(path, *kind);
			if (str_equal(folders[i], "bad")) /* is looked at when there is need of it */
				assert_int_equal(truncate(test_path(state, "kv/sink/k.kv"), 3), 0);
			assert_absent(&p, "k");
			assert_true(count_entries(test_path(state, "bad")) > 0);
			put(&p, "k", "after");
			assert_value(&p, "k", "after");
			free(path);
		}
}

static void folder_of_bad_files_is_bounded(void **state)
{
	struct kv_place p = place_of(state);
	char *path = strdup(test_path(state, "kv/sink/k.kv"));

	for (int i = 0; i < 100; i++) {
		put(&p, "k", "x");
		assert_int_equal(truncate(path, 1), 0);
		assert_absent(&p, "k");
	}
	assert_int_equal(count_entries(test_path(state, "bad")), 64);
	for (int i = 0; i < 5; i++) {
		put(&p, "k", "x");
		assert_int_equal(truncate(path, 5 << 20), 0);
		assert_absent(&p, "k");
	}
	assert_int_equal(count_entries(test_path(state, "bad")), 3);
	free(path);
}

static void failed_put_leaves_the_old_value(void **state)
{
	static const char *const points[] = { "sys.open=ENOSPC", "sys.write=ENOSPC", "sys.fsync=EIO",
					      "sys.rename=EIO", "sys.write=EDQUOT@1" };
	struct kv_place p = place_of(state);

	put(&p, "k", "old");
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		test_fail(points[i]);
		assert_true(kv_put(&p, "k", "new", 3) < 0);
		assert_int_equal(fail_configure(NULL), 0);
		assert_value(&p, "k", "old");
	}
}

static void put_and_get_without_memory_are_errors_and_nothing_else(void **state)
{
	struct kv_place p = place_of(state);
	int64_t got = -ENOMEM;
	int r = -ENOMEM;
	char buf[4];

	put(&p, "k", "old");
	for (unsigned int n = 1; r == -ENOMEM || got == -ENOMEM; n++) {
		char *spec = str_format("sys.alloc=ENOMEM@%u", n);

		test_fail(spec);
		got = kv_get(&p, "k", buf, sizeof(buf));
		test_fail(spec);
		r = kv_put(&p, "k", "new", 3);
		assert_int_equal(fail_configure(NULL), 0);
		assert_true(got == 3 || got == -ENOMEM);
		assert_true(r == 0 || r == -ENOMEM);
		free(spec);
	}
	assert_value(&p, "k", "new");
	assert_int_equal(count_entries(test_path(state, "kv/sink")), 1);
}

/* Killed at a random moment: the value is one of those that were being put, never another. */
static void kill_during_put_leaves_an_old_or_a_new_value(void **state)
{
	struct kv_place p = place_of(state);

	put(&p, "k", "aaaaaaaaaaaaaaaa");
	for (int i = 0; i < 100; i++) {
		pid_t pid = fork();
		char buf[17] = "";

		if (pid == 0)
			for (unsigned int n = 0;; n++)
				(void)kv_put(&p, "k", n % 2 ? "aaaaaaaaaaaaaaaa" : "bbbbbbbbbbbbbbbb", 16);
		usleep((useconds_t)(i * 37 % 1500));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_int_equal(kv_get(&p, "k", buf, 16), 16);
		assert_true(strspn(buf, "a") == 16 || strspn(buf, "b") == 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		kv_test(damage_is_warned_of_once_with_both_places),
		kv_test(flipped_byte_or_cut_makes_a_key_absent_and_keeps_the_file),
		kv_test(whatever_stands_in_the_place_of_a_key_is_set_aside),
		kv_test(whatever_stands_in_the_place_of_a_folder_is_set_aside),
		kv_test(folder_of_bad_files_is_bounded),
		kv_test(failed_put_leaves_the_old_value),
		kv_test(put_and_get_without_memory_are_errors_and_nothing_else),
		kv_test(kill_during_put_leaves_an_old_or_a_new_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
