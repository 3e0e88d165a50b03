/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/fixture.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "plugin/kv.h"
#include "plugin/kv_record.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/log.h"
#include "util/str.h"

static struct kv_place place_of(void **state)
{
	return (struct kv_place){ .state_dir = *state, .instance = "sink", .run = "" };
}

static void put(const struct kv_place *p, const char *key, const char *value)
{
	assert_int_equal(kv_put(p, key, value, strlen(value)), 0);
}

static void assert_value(const struct kv_place *p, const char *key, const char *expected)
{
	char buf[256] = "";

	assert_int_equal(kv_get(p, key, buf, sizeof(buf) - 1), strlen(expected));
	assert_string_equal(buf, expected);
}

static void assert_absent(const struct kv_place *p, const char *key)
{
	char buf[256] = "untouched";

	assert_int_equal(kv_get(p, key, buf, sizeof(buf)), -ENOENT);
	assert_string_equal(buf, "untouched");
}

static size_t count_entries(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		n += !str_equal(e->d_name, ".") && !str_equal(e->d_name, "..");
	if (d)
		closedir(d);
	return n;
}

static int quiet_setup(void **state)
{
	log_set_level(HEARTH_LOG_ERROR);
	return test_folder_setup(state);
}

static void value_is_what_was_put_last(void **state)
{
	struct kv_place p = place_of(state);

	assert_absent(&p, "cursor");
	put(&p, "cursor", "one");
	assert_value(&p, "cursor", "one");
	put(&p, "cursor", "twenty");
	assert_value(&p, "cursor", "twenty");
	assert_int_equal(kv_remove(&p, "cursor"), 0);
	assert_absent(&p, "cursor");
	assert_int_equal(kv_remove(&p, "cursor"), 0);
}

static void get_copies_what_fits_and_answers_the_whole_length(void **state)
{
	struct kv_place p = place_of(state);
	char buf[4] = "....";

	put(&p, "k", "value");
	assert_int_equal(kv_get(&p, "k", buf, 3), 5);
	assert_memory_equal(buf, "val.", 4);
	assert_int_equal(kv_get(&p, "k", NULL, 0), 5);
}

static void key_that_does_not_match_is_refused(void **state)
{
	static const char *const bad[] = { "", "A", "a/b", "../x", "a b", "\xc3\xa4",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct kv_place p = place_of(state);
	char c;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(kv_put(&p, bad[i], "x", 1), -EINVAL);
		assert_int_equal(kv_get(&p, bad[i], &c, 1), -EINVAL);
		assert_int_equal(kv_remove(&p, bad[i]), -EINVAL);
	}
	assert_int_equal(count_entries(*state), 0);
}

static void dots_are_keys_like_others(void **state)
{
	static const char *const good[] = { ".", "..", ".hidden", "a.kv", "0123456789abcdef.tmp" };
	struct kv_place p = place_of(state);

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		put(&p, good[i], good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_value(&p, good[i], good[i]);
}

static int32_t gather(void *ctx, const char *key)
{
	char *all = ctx;

	snprintf(all + strlen(all), 64, "%s ", key);
	return str_equal(key, "stop") ? 7 : 0;
}

static void each_key_comes_in_order_until_fn_has_enough(void **state)
{
	struct kv_place p = place_of(state);
	char all[512] = "";

	assert_int_equal(kv_each(&p, gather, all), 0);
	assert_string_equal(all, "");
	put(&p, "b", "");
	put(&p, "c", "");
	put(&p, "a", "");
	assert_int_equal(file_write_atomic(test_path(state, "kv/sink/b.kv.00.tmp"), "", 0, 0600, true),
			 0);
	assert_int_equal(kv_each(&p, gather, all), 0);
	assert_string_equal(all, "a b c ");
	put(&p, "stop", "");
	put(&p, "x", "");
	all[0] = 0;
	assert_int_equal(kv_each(&p, gather, all), 7);
	assert_string_equal(all, "a b c stop ");
}

static void instances_and_runs_have_namespaces_of_their_own(void **state)
{
	struct kv_place places[] = {
		{ *state, "sink", "" }, { *state, "sink#1", "" }, { *state, "sink", "run-1" },
		{ *state, "sink", "run-2" }, { *state, "a/../b", "" }, { *state, "..", "" },
		{ *state, "sink@run-1", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char number[2] = { (char)('0' + i), 0 };

		put(&places[i], "k", number);
	}
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char number[2] = { (char)('0' + i), 0 };

		assert_value(&places[i], "k", number);
	}
	assert_int_equal(count_entries(test_path(state, "kv")), ARRAY_SIZE(places));
	assert_int_equal(kv_forget_run(*state, "run-1"), 0);
	assert_absent(&places[2], "k");
	assert_value(&places[3], "k", "3");
	assert_value(&places[6], "k", "6");
}

static void folders_and_files_are_for_their_owner_alone(void **state)
{
	struct kv_place p = place_of(state);
	struct stat st;

	put(&p, "k", "v");
	assert_int_equal(stat(test_path(state, "kv/sink"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(test_path(state, "kv/sink/k.kv"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
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

static void sweep_takes_what_is_old_and_nobodys(void **state)
{
	struct kv_place kept = place_of(state), old = { *state, "sink", "run-1" },
			young = { *state, "sink", "run-2" };
	const struct timespec long_ago[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	put(&kept, "k", "v");
	put(&old, "k", "v");
	put(&young, "k", "v");
	plant(test_path(state, "kv/sink/k.kv.0.tmp"), '0');
	plant(test_path(state, "kv/sink/k.kv.1.tmp"), '0');
	assert_int_equal(utimensat(AT_FDCWD, test_path(state, "kv/sink/k.kv"), long_ago, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, test_path(state, "kv/sink/k.kv.0.tmp"), long_ago, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, test_path(state, "kv/sink"), long_ago, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, test_path(state, "kv/sink@run-1"), long_ago, 0), 0);
	assert_int_equal(kv_sweep(*state), 0);
	assert_value(&kept, "k", "v");
	assert_absent(&old, "k");
	assert_value(&young, "k", "v");
	assert_int_equal(count_entries(test_path(state, "kv/sink")), 2);
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

#define kv_test(f) cmocka_unit_test_setup_teardown(f, quiet_setup, test_folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		kv_test(value_is_what_was_put_last),
		kv_test(get_copies_what_fits_and_answers_the_whole_length),
		kv_test(key_that_does_not_match_is_refused),
		kv_test(dots_are_keys_like_others),
		kv_test(each_key_comes_in_order_until_fn_has_enough),
		kv_test(instances_and_runs_have_namespaces_of_their_own),
		kv_test(folders_and_files_are_for_their_owner_alone),
		kv_test(flipped_byte_or_cut_makes_a_key_absent_and_keeps_the_file),
		kv_test(whatever_stands_in_the_place_of_a_key_is_set_aside),
		kv_test(whatever_stands_in_the_place_of_a_folder_is_set_aside),
		kv_test(folder_of_bad_files_is_bounded),
		kv_test(sweep_takes_what_is_old_and_nobodys),
		kv_test(failed_put_leaves_the_old_value),
		kv_test(put_and_get_without_memory_are_errors_and_nothing_else),
		kv_test(kill_during_put_leaves_an_old_or_a_new_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
