/* SPDX-License-Identifier: Apache-2.0 */
#include "common/test_profile.h"

#include <sys/stat.h>

#include "stripped.h"

static char folder[] = "/tmp/hearth-test-stripped-XXXXXX";

static void write_list(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int make_lists(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	write_list("gzip.list", "/.\n/bin\n/bin/gzip\n/bin/zcat\n");
	write_list("libssl3:amd64.list", "/.\n/usr/lib/libssl.so.3\n/usr/lib/libcrypto.so.3\n");
	write_list("libc6:amd64.list", "/.\n/lib/x86_64-linux-gnu/libc.so.6\n");
	write_list("python3.11-minimal.list", "/.\n/usr/bin/python3.11\n");
	write_list("libpython3.11-stdlib:amd64.list", "/usr/lib/python3.11/lib-dynload/_json.so\n");
	write_list("other.list", "/bin/gzip-but-longer\n/x/bin/gzip\n");
	write_list("gzip.md5sums", "/usr/bin/gzip\n");
	return 0;
}

static int remove_lists(void **state)
{
	static const char *const names[] = { "gzip.list", "libssl3:amd64.list", "libc6:amd64.list",
					     "python3.11-minimal.list",
					     "libpython3.11-stdlib:amd64.list", "other.list", "gzip.md5sums" };
	char path[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		if (remove(path) < 0)
			return -1;
	}
	return remove(folder);
}

static char *advice_of(struct stripped *s, const char *info)
{
	char *advice = NULL;

	assert_int_equal(stripped_advice(s, info, &advice), 0);
	return advice;
}

TEST(packages_are_named_worst_first_and_once)
{
	_cleanup_(stripped_done) struct stripped s = { .n_frames = 100 };
	_cleanup_free_ char *advice = NULL;

	stripped_add(&s, "/usr/bin/gzip", 10);
	stripped_add(&s, "/usr/lib/libssl.so.3", 15);
	stripped_add(&s, "/usr/lib/libcrypto.so.3", 5);
	stripped_add(&s, "/usr/bin/gzip", 10);
	advice = advice_of(&s, folder);
	assert_string_equal(advice, "40 % of the frames have no name: install gzip-dbgsym, "
			    "libssl3-dbgsym (hearth doctor /usr/bin/gzip says from where)");
}

TEST(a_file_of_no_package_is_named_itself)
{
	_cleanup_(stripped_done) struct stripped s = { .n_frames = 10 };
	_cleanup_free_ char *mixed = NULL, *alone = NULL;

	stripped_add(&s, "/opt/app", 5);
	alone = advice_of(&s, "/nonexistent");
	assert_string_equal(alone, "50 % of the frames have no name: build or install with symbols "
			    "/opt/app");
	stripped_add(&s, "/usr/bin/gzip", 2);
	mixed = advice_of(&s, folder);
	assert_string_equal(mixed, "70 % of the frames have no name: install gzip-dbgsym (hearth doctor "
			    "/usr/bin/gzip says from where); build with symbols /opt/app");
}

TEST(packages_of_one_source_may_share_their_symbols)
{
	_cleanup_(stripped_done) struct stripped s = { .n_frames = 10 };
	_cleanup_free_ char *advice = NULL;

	stripped_add(&s, "/usr/bin/python3.11", 5);
	stripped_add(&s, "/usr/lib/python3.11/lib-dynload/_json.so", 4);
	advice = advice_of(&s, folder);
	assert_string_equal(advice, "90 % of the frames have no name: install python3.11-dbg");
}

TEST(the_c_librarys_package_has_an_older_name)
{
	_cleanup_(stripped_done) struct stripped s = { .n_frames = 10 };
	_cleanup_free_ char *advice = NULL;

	stripped_add(&s, "/usr/lib/x86_64-linux-gnu/libc.so.6", 5);
	advice = advice_of(&s, folder);
	assert_string_equal(advice, "50 % of the frames have no name: install libc6-dbg");
}

TEST(little_is_not_worth_a_line)
{
	_cleanup_(stripped_done) struct stripped s = { .n_frames = 1000 };

	assert_null(advice_of(&s, folder));
	stripped_add(&s, "/usr/bin/gzip", 9);
	assert_null(advice_of(&s, folder));
}

TEST(files_are_bounded)
{
	_cleanup_(stripped_done) struct stripped s = { .n_frames = 1000 };

	for (int i = 0; i < 200; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/file/%d", i);
		stripped_add(&s, path, 1);
	}
	assert_int_equal(s.n, MAX_STRIPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packages_are_named_worst_first_and_once),
		cmocka_unit_test(a_file_of_no_package_is_named_itself),
		cmocka_unit_test(packages_of_one_source_may_share_their_symbols),
		cmocka_unit_test(the_c_librarys_package_has_an_older_name),
		cmocka_unit_test(little_is_not_worth_a_line),
		cmocka_unit_test(files_are_bounded),
	};

	return cmocka_run_group_tests(tests, make_lists, remove_lists);
}
