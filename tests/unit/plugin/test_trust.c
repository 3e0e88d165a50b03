/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/fixture.h"

#include "plugin/trust.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/str.h"

/* A file three folders deep, all of it trusted to begin with. */
static void plant(void **state)
{
	assert_int_equal(dir_make(test_path(state, "a/b/c"), 0755), 0);
	assert_int_equal(file_write_atomic(test_path(state, "a/b/c/f"), "x", 1, 0644, true), 0);
	assert_int_equal(chmod(*state, 0755), 0);
}

static int open_planted(void **state, const char *path, char **ret_why)
{
	_cleanup_free_ char *canonical = NULL;
	_cleanup_close_ int fd = -1;
	struct trust t = test_trust();

	return trust_open(&t, test_path(state, path), &fd, &canonical, ret_why);
}

/* `expected` goes on behind the folder of the test. */
static void assert_answer(void **state, const char *path, int error, const char *expected)
{
	char *reason = NULL, *text;

	assert_int_equal(open_planted(state, path, &reason), error);
	if (error == 0) {
		assert_null(reason);
		return;
	}
	text = str_format("%s%s", (char *)*state, expected);
	assert_string_equal(reason, text);
	free(text);
	free(reason);
}

static void trusted_file_is_opened(void **state)
{
	plant(state);
	assert_answer(state, "a/b/c/f", 0, NULL);
}

static void anything_on_the_way_that_others_may_write_is_refused(void **state)
{
	static const struct {
		const char *path;
		mode_t mode, good;
		const char *why;
	} cases[] = {
		{ "a/b/c/f", 0666, 0644,
		  "/a/b/c/f is writable by everyone (mode 0666); chmod go-w " },
		{ "a/b/c/f", 0664, 0644, "/a/b/c/f is writable by its group (mode 0664); chmod g-w " },
		{ "a/b/c", 0757, 0755, "/a/b/c is writable by everyone (mode 0757); chmod o-w " },
		{ "a/b", 0777, 0755, "/a/b is writable by everyone (mode 0777); chmod go-w " },
		{ "a", 0775, 0755, "/a is writable by its group (mode 0775); chmod g-w " },
	};

	plant(state);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *expected = str_format("%s'%s/%s'", cases[i].why, (char *)*state, cases[i].path);

		assert_int_equal(chmod(test_path(state, cases[i].path), cases[i].mode), 0);
		assert_answer(state, "a/b/c/f", -EPERM, expected);
		assert_int_equal(chmod(test_path(state, cases[i].path), cases[i].good), 0);
		free(expected);
	}
	assert_answer(state, "a/b/c/f", 0, NULL);
}

static void file_or_folder_of_another_user_is_refused(void **state)
{
	static const char *const paths[] = { "a/b/c/f", "a/b/c", "a" };

	if (getuid() != 0)
		test_skip("only root can give a file away");
	plant(state);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const char *path = test_path(state, paths[i]);
		char *expected = str_format("/%s belongs to uid 4711, who is neither root nor the "
					    "owner of hearth and could replace code there; chown root "
					    "'%s'", paths[i], path);

		assert_int_equal(chown(path, 4711, 0), 0);
		assert_answer(state, "a/b/c/f", -EPERM, expected);
		assert_int_equal(chown(path, 0, 0), 0);
		free(expected);
	}
}

static void owner_of_the_executable_is_trusted_beside_root(void **state)
{
	struct trust t = { .owner = 4711, .is_development = true };
	_cleanup_free_ char *canonical = NULL, *reason = NULL;
	_cleanup_close_ int fd = -1;

	if (getuid() != 0)
		test_skip("only root can give a file away");
	plant(state);
	assert_int_equal(chown(test_path(state, "a/b/c/f"), 4711, 0), 0);
	assert_int_equal(trust_open(&t, test_path(state, "a/b/c/f"), &fd, &canonical, &reason), 0);
	assert_string_equal(canonical, test_path(state, "a/b/c/f"));
}

static void sticky_folder_of_root_passes_in_a_development_build_only(void **state)
{
	struct trust installed = { .owner = getuid() };
	_cleanup_free_ char *canonical = NULL, *reason = NULL;
	int fd = -1;

	plant(state);
	assert_answer(state, "a/b/c/f", 0, NULL);
	assert_int_equal(trust_open(&installed, test_path(state, "a/b/c/f"), &fd, &canonical,
				    &reason), -EPERM);
	assert_string_equal(reason, "/tmp is writable by everyone (mode 1777); chmod go-w '/tmp'");
	assert_int_equal(fd, -1);
}

static void sticky_folder_of_another_owner_does_not_pass(void **state)
{
	plant(state);
	assert_int_equal(chmod(test_path(state, "a/b"), 01777), 0);
	if (getuid() == 0)
		assert_int_equal(chown(test_path(state, "a/b"), 4711, 0), 0);
	{
		_cleanup_free_ char *reason = NULL;

		assert_int_equal(open_planted(state, "a/b/c/f", &reason), -EPERM);
	}
}

static void file_that_is_not_regular_is_refused_without_opening_it(void **state)
{
	plant(state);
	assert_int_equal(symlink("f", test_path(state, "a/b/c/link")), 0);
	assert_int_equal(mkfifo(test_path(state, "a/b/c/fifo"), 0644), 0);
	assert_answer(state, "a/b/c/link", -EPERM, "/a/b/c/link is a symbolic link; a plugin must "
		      "be a regular file: put the file itself there");
	assert_answer(state, "a/b/c/fifo", -EPERM, "/a/b/c/fifo is a FIFO; a plugin must be a "
		      "regular file: put the file itself there");
	assert_answer(state, "a/b/c", -EPERM, "/a/b/c is a folder; a plugin must be a regular "
		      "file: put the file itself there");
}

static void link_to_a_folder_is_followed_and_what_it_passes_is_checked(void **state)
{
	plant(state);
	assert_int_equal(dir_make(test_path(state, "links"), 0755), 0);
	assert_int_equal(symlink("../a/b", test_path(state, "links/relative")), 0);
	assert_int_equal(symlink(test_path(state, "a/b"), test_path(state, "links/absolute")), 0);
	assert_answer(state, "links/relative/c/f", 0, NULL);
	assert_answer(state, "links/absolute/c/f", 0, NULL);
	assert_int_equal(chmod(test_path(state, "links"), 0777), 0);
	{
		char *expected = str_format("/links is writable by everyone (mode 0777); chmod go-w "
					    "'%s/links'", (char *)*state);

		assert_answer(state, "links/relative/c/f", -EPERM, expected);
		free(expected);
	}
}

static void canonical_path_has_no_links_and_no_dots(void **state)
{
	_cleanup_free_ char *canonical = NULL, *reason = NULL;
	_cleanup_close_ int fd = -1;
	struct trust t = test_trust();

	plant(state);
	assert_int_equal(symlink("b", test_path(state, "a/l")), 0);
	assert_int_equal(trust_open(&t, test_path(state, "a//./l/../l/c/../c/f"), &fd, &canonical,
				    &reason), 0);
	assert_string_equal(canonical, test_path(state, "a/b/c/f"));
}

static void loop_of_links_ends(void **state)
{
	_cleanup_free_ char *reason = NULL;

	plant(state);
	assert_int_equal(symlink("m", test_path(state, "a/l")), 0);
	assert_int_equal(symlink("l", test_path(state, "a/m")), 0);
	assert_int_equal(open_planted(state, "a/l/f", &reason), -ELOOP);
	assert_non_null(strstr(reason, "too many symbolic links"));
}

static void path_must_be_absolute_and_exist(void **state)
{
	_cleanup_free_ char *canonical = NULL, *reason = NULL;
	struct trust t = test_trust();
	int fd = -1;

	plant(state);
	assert_int_equal(trust_open(&t, "a/b", &fd, &canonical, &reason), -EINVAL);
	assert_string_equal(reason, "a/b is not the absolute path of a file");
	free(TAKE_PTR(reason));
	assert_int_equal(open_planted(state, "a/b/c/none", &reason), -ENOENT);
	assert_non_null(strstr(reason, "/a/b/c/none: No such file or directory"));
}

static void build_tree_is_told_from_an_installation_by_its_plugins_folder(void **state)
{
	struct trust t = {};
	struct stat st;

	(void)state;
	assert_int_equal(trust_of_process(&t), 0);
	assert_int_equal(stat("/proc/self/exe", &st), 0);
	assert_int_equal(t.owner, st.st_uid);
	assert_false(t.is_development); /* there is no tests/unit/plugins */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_with_folder(trusted_file_is_opened),
		unit_test_with_folder(anything_on_the_way_that_others_may_write_is_refused),
		unit_test_with_folder(file_or_folder_of_another_user_is_refused),
		unit_test_with_folder(owner_of_the_executable_is_trusted_beside_root),
		unit_test_with_folder(sticky_folder_of_root_passes_in_a_development_build_only),
		unit_test_with_folder(sticky_folder_of_another_owner_does_not_pass),
		unit_test_with_folder(file_that_is_not_regular_is_refused_without_opening_it),
		unit_test_with_folder(link_to_a_folder_is_followed_and_what_it_passes_is_checked),
		unit_test_with_folder(canonical_path_has_no_links_and_no_dots),
		unit_test_with_folder(loop_of_links_ends),
		unit_test_with_folder(path_must_be_absolute_and_exist),
		cmocka_unit_test(build_tree_is_told_from_an_installation_by_its_plugins_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
