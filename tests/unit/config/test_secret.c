/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "config/secret.h"
#include "util/file.h"
#include "util/str.h"

static void plant(void **state, const char *name, const char *text, mode_t mode)
{
	assert_int_equal(file_write_atomic(test_path(state, name), text, strlen(text), mode, true), 0);
	assert_int_equal(chmod(test_path(state, name), mode), 0);
}

static void assert_secret(const char *text, const char *named_in, const char *expected)
{
	char *path = NULL, *content = NULL, *why = NULL;
	int r = secret_read(text, named_in, &path, &content, &why);

	if (r < 0)
		fail_msg("%d: %s", r, why ? why : "no reason");
	assert_string_equal(content, expected);
	assert_non_null(path);
	free(path);
	free(content);
}

static void one_newline_at_the_end_is_not_part_of_the_secret(void **state)
{
	static const struct {
		const char *file, *secret;
	} rows[] = {
		{"s3cret", "s3cret"}, {"s3cret\n", "s3cret"},   {"s3cret\r\n", "s3cret"},
		{"a\n\n", "a\n"},     {"a\nb\n", "a\nb"},       {" a ", " a "},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		plant(state, "token", rows[i].file, 0600);
		assert_secret(test_path(state, "token"), NULL, rows[i].secret);
	}
}

static void relative_path_begins_at_the_file_that_names_it(void **state)
{
	assert_int_equal(dir_make(test_path(state, "sub"), 0755), 0);
	plant(state, "token", "beside", 0640);
	plant(state, "sub/token", "below", 0400);
	assert_secret("token", test_path(state, "hearth.yaml"), "beside");
	assert_secret("sub/token", test_path(state, "hearth.yaml"), "below");
	assert_secret("../token", test_path(state, "sub/x.yaml"), "beside");
}

static void bare_name_is_a_credential_where_systemd_gives_some(void **state)
{
	char *variable = str_format("CREDENTIALS_DIRECTORY=%s", test_path(state, "credentials"));
	char *with[] = {variable, NULL}, **before = environ;

	assert_int_equal(dir_make(test_path(state, "credentials"), 0700), 0);
	plant(state, "credentials/token", "credential", 0400);
	plant(state, "token", "beside", 0600);
	environ = with;
	assert_secret("token", test_path(state, "hearth.yaml"), "credential");
	assert_secret("./token", test_path(state, "hearth.yaml"), "beside");
	environ = before;
	assert_secret("token", test_path(state, "hearth.yaml"), "beside");
	free(variable);
}

static void link_is_followed_and_its_target_judged(void **state)
{
	char *path = NULL, *content = NULL, *why = NULL;

	plant(state, "target", "x", 0644);
	assert_int_equal(symlink("target", test_path(state, "token")), 0);
	assert_int_equal(secret_read(test_path(state, "token"), NULL, &path, &content, &why), -EINVAL);
	assert_non_null(strstr(why, "chmod 600"));
	free(why);
	assert_int_equal(chmod(test_path(state, "target"), 0600), 0);
	assert_secret(test_path(state, "token"), NULL, "x");
}

static void only_what_can_be_a_path_is_shown(void **state)
{
	const char *hearth_yaml = test_path(state, "hearth.yaml");

	plant(state, "token", "x", 0600);
	assert_true(secret_text_is_path("token", hearth_yaml));
	assert_true(secret_text_is_path(test_path(state, "token"), NULL));
	assert_true(secret_text_is_path(test_path(state, "not-there"), NULL));
	assert_true(secret_text_is_path("./not-there", hearth_yaml));
	assert_false(secret_text_is_path("not-there", hearth_yaml));
	assert_false(secret_text_is_path("ghp_0123456789abcdef", hearth_yaml));
	assert_false(secret_text_is_path("Zm9v/YmFy+YmF6==", hearth_yaml));
	assert_false(secret_text_is_path("/Zm9vYmFyYmF6", hearth_yaml));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_folder(one_newline_at_the_end_is_not_part_of_the_secret),
		unit_test_with_folder(relative_path_begins_at_the_file_that_names_it),
		unit_test_with_folder(bare_name_is_a_credential_where_systemd_gives_some),
		unit_test_with_folder(link_is_followed_and_its_target_judged),
		unit_test_with_folder(only_what_can_be_a_path_is_shown),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
