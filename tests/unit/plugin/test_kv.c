/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/kv_place.h"

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

static void leave_temporary(const char *path)
{
	assert_int_equal(file_write_atomic(path, "", 0, 0600, true), 0);
}

static void sweep_takes_what_is_old_and_nobodys(void **state)
{
	struct kv_place kept = place_of(state), old = { *state, "sink", "run-1" },
			young = { *state, "sink", "run-2" };
	const struct timespec long_ago[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	put(&kept, "k", "v");
	put(&old, "k", "v");
	put(&young, "k", "v");
	leave_temporary(test_path(state, "kv/sink/k.kv.0.tmp"));
	leave_temporary(test_path(state, "kv/sink/k.kv.1.tmp"));
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
		kv_test(sweep_takes_what_is_old_and_nobodys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
