/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include "plugin/loader.h"
#include "util/str.h"

/* Loads by name from the fakes, or from the folder of the test. */
static int load_from(const char *dir, const char *name, struct plugin **ret, char **ret_why)
{
	char *const dirs[] = { (char *)dir, NULL };
	struct trust t = test_trust();

	return plugin_load_trusting(&t, name, dirs, ret, ret_why);
}

/* %s in `expected` stands for the path of the file. */
static void assert_refused(const char *dir, const char *name, int error, const char *expected)
{
	struct plugin *p = NULL;
	char *reason = NULL, path[PATH_MAX], *text;
	const char *hole = strstr(expected, "%s");

	assert_int_equal(load_from(dir, name, &p, &reason), error);
	assert_null(p);
	assert_non_null(reason);
	snprintf(path, sizeof(path), "%s/%s.so", dir, name);
	text = hole ? str_format("plugin \"%s\" (%s): %.*s%s%s", name, path,
				 (int)(hole - expected), expected, path, hole + 2) :
		      str_format("plugin \"%s\" (%s): %s", name, path, expected);
	assert_string_equal(reason, text);
	free(text);
	free(reason);
}

static void fake_plugin_gets_its_documented_answer(void **state)
{
	static const struct {
		const char *name;
		int error;
		const char *why;
	} cases[] = {
		{ "fake-wrong-major", -EPROTO,
		  "built for plugin ABI 1, this hearth speaks 0; install the plugin's build for "
		  "ABI 0" },
		{ "fake-newer-minor", -EPROTO,
		  "needs plugin ABI 0.3, this hearth has 0.0; update hearth" },
		{ "fake-no-symbol", -ENOEXEC, "not a hearth plugin (no symbol hearth_plugin_v0)" },
		{ "fake-function-symbol", -EINVAL,
		  "hearth_plugin_v0 is not data but a function; export a const struct "
		  "hearth_plugin" },
		{ "fake-longer-struct-used", -E2BIG,
		  "component \"fake-longer-struct-used\": sets byte 192 of struct "
		  "hearth_component, of which this hearth knows 192 bytes; it needs a newer "
		  "hearth" },
		{ "fake-misnamed", -EINVAL,
		  "the file is fake-misnamed.so but the plugin calls itself \"fake-original\"; "
		  "give the file its own name back" },
		{ "fake-bad-default", -EINVAL,
		  "component \"fake-bad-default\": option \"rate\": its own default is refused: "
		  "must be an integer, 1 to 100 Hz; found \"500\"" },
		{ "fake-undefined-symbol", -ELIBBAD,
		  "cannot be loaded: %s: undefined symbol: "
		  "symbol_of_a_library_that_is_not_linked; it was built against another version "
		  "of a library, or not linked with it" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_refused(fake_dir(), cases[i].name, cases[i].error, cases[i].why);
}

static void plugin_built_with_another_header_loads_if_it_uses_nothing_unknown(void **state)
{
	struct plugin *p;
	char *reason;

	(void)state;
	assert_int_equal(load_from(fake_dir(), "fake-longer-struct", &p, &reason), 0);
	assert_int_equal(p->n_components, 1);
	assert_non_null(p->components[0].c.consume);
	plugin_free(p);
	assert_int_equal(load_from(fake_dir(), "fake-shorter-struct", &p, &reason), 0);
	assert_non_null(p->components[0].c.destroy);
	assert_null(p->components[0].c.diagnose);
	plugin_free(p);
}

static void plugin_says_what_it_holds(void **state)
{
	struct plugin *p;
	char *reason;

	(void)state;
	assert_int_equal(load_from(fake_dir(), "fake-two", &p, &reason), 0);
	assert_string_equal(p->name, "fake-two");
	assert_string_equal(p->version, "1.0");
	assert_string_equal(p->license, "Apache-2.0");
	assert_int_equal(p->n_components, 2);
	assert_string_equal(p->components[1].c.name, "right");
	assert_ptr_equal(p->components[1].plugin, p);
	assert_null(p->shadowed);
	plugin_free(p);
	assert_int_equal(load_from(fake_dir(), "fake-verbs", &p, &reason), 0);
	assert_int_equal(p->n_verbs, 2);
	assert_int_equal(p->verbs[0].options.n, 1);
	plugin_free(p);
}

static void first_folder_wins_and_the_other_file_is_remembered(void **state)
{
	char *a = str_format("%s/a", fake_dir()), *b = str_format("%s/b", fake_dir());
	char *const dirs[] = { a, b, NULL }, *const reversed[] = { b, a, NULL };
	struct trust t = test_trust();
	struct plugin *p;
	char *reason, *other = str_format("%s/b/fake-twin.so", fake_dir());

	(void)state;
	assert_int_equal(plugin_load_trusting(&t, "fake-twin", dirs, &p, &reason), 0);
	assert_string_equal(p->version, "a");
	assert_string_equal(p->shadowed, other);
	plugin_free(p);
	assert_int_equal(plugin_load_trusting(&t, "fake-twin", reversed, &p, &reason), 0);
	assert_string_equal(p->version, "b");
	plugin_free(p);
	free(a);
	free(b);
	free(other);
}

static void one_folder_listed_twice_shadows_nothing(void **state)
{
	char *const dirs[] = { (char *)fake_dir(), (char *)fake_dir(), NULL };
	struct trust t = test_trust();
	struct plugin *p;
	char *reason;

	(void)state;
	assert_int_equal(plugin_load_trusting(&t, "fake-two", dirs, &p, &reason), 0);
	assert_null(p->shadowed);
	plugin_free(p);
}

static void absent_plugin_is_looked_for_in_every_folder_and_a_near_name_offered(void **state)
{
	char *const dirs[] = { (char *)fake_dir(), (char *)"/nowhere", NULL };
	char *const none[] = { NULL };
	struct trust t = test_trust();
	struct plugin *p = NULL;
	char *reason, *text;

	(void)state;
	assert_int_equal(plugin_load_trusting(&t, "fake-sorce", dirs, &p, &reason), -ENOENT);
	text = str_format("plugin \"fake-sorce\" is not installed: no fake-sorce.so in %s, "
			  "/nowhere (No such file or directory); did you mean \"fake-source\"?",
			  fake_dir());
	assert_string_equal(reason, text);
	free(text);
	free(reason);
	assert_int_equal(plugin_load_trusting(&t, "x", none, &p, &reason), -ENOENT);
	assert_string_equal(reason, "plugin \"x\" is not installed: plugin_dirs is empty");
	free(reason);
	assert_null(p);
}

static void name_that_is_a_path_is_refused(void **state)
{
	static const char *const names[] = { "", "../fake-two", "a/b", "Fake", "-x", "a b", "a.b" };
	struct plugin *p = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char *reason = NULL;

		assert_int_equal(load_from(fake_dir(), names[i], &p, &reason), -EINVAL);
		assert_non_null(strstr(reason, "is not a plugin name"));
		free(reason);
	}
}

static void file_that_is_no_shared_object_is_refused_before_it_is_mapped(void **state)
{
	const char *dir = *state;
	struct stat st;

	test_copy("/bin/true", test_path(state, "program.so"), 0644);
	test_copy("/proc/self/status", test_path(state, "empty.so"), 0644);
	test_copy_fake(state, "fake-two", "fake-two.so");
	assert_int_equal(stat(test_path(state, "fake-two.so"), &st), 0);
	assert_int_equal(truncate(test_path(state, "fake-two.so"), st.st_size / 2), 0);
	assert_refused(dir, "empty", -ENOEXEC, "it is not an ELF file; install the plugin again");
	assert_refused(dir, "fake-two", -ENOEXEC, "the file is cut short; install the plugin again");
}

/* Every length: what passes the check must not bring SIGBUS. */
static void truncated_plugin_never_ends_the_process(void **state)
{
	struct stat st;
	int status;

	test_copy_fake(state, "fake-two", "fake-two.so");
	assert_int_equal(stat(test_path(state, "fake-two.so"), &st), 0);
	for (off_t len = st.st_size - 64; len > 0; len -= len > 4096 ? 977 : 61) {
		pid_t pid;

		assert_int_equal(truncate(test_path(state, "fake-two.so"), len), 0);
		pid = fork();
		if (pid == 0) {
			struct plugin *p;
			char *reason;

			_exit(load_from(*state, "fake-two", &p, &reason) < 0 ? 1 : 0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
	}
}

static void file_that_was_replaced_is_outdated(void **state)
{
	struct plugin *p;
	char *reason;

	test_copy_fake(state, "fake-two", "fake-two.so");
	assert_int_equal(load_from(*state, "fake-two", &p, &reason), 0);
	assert_false(plugin_is_outdated(p));
	test_copy_fake(state, "fake-two", "new");
	assert_int_equal(rename(test_path(state, "new"), test_path(state, "fake-two.so")), 0);
	assert_true(plugin_is_outdated(p));
	assert_int_equal(load_from(*state, "fake-two", &p, &reason), -ESTALE);
	assert_non_null(strstr(reason, "replaced after it had been loaded; restart hearth"));
	free(reason);
	assert_int_equal(unlink(test_path(state, "fake-two.so")), 0);
	assert_true(plugin_is_outdated(p));
	plugin_free(p);
}

static pid_t exchange_for_ever(const char *a, const char *b)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	while (getppid() == parent)
		(void)renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
	_exit(0);
}

enum { LOADED, REFUSED, WRONG };

/* What was loaded is what was checked: version and inode belong together. */
static int load_once(const char *dir, ino_t inode_of_a)
{
	struct plugin *p;
	char *reason;
	int r = load_from(dir, "fake-twin", &p, &reason);

	if (r == -EPERM && strstr(reason, "changed while it was being loaded"))
		return REFUSED;
	if (r < 0)
		return WRONG;
	return str_equal(p->version, "a") == (p->ino == inode_of_a) ? LOADED : WRONG;
}

static void file_swapped_between_check_and_load_is_never_taken_for_the_checked_one(void **state)
{
	char *a = str_format("%s/a/fake-twin.so", fake_dir());
	char *b = str_format("%s/b/fake-twin.so", fake_dir());
	char *here = strdup(test_path(state, "fake-twin.so"));
	char *there = strdup(test_path(state, "other"));
	unsigned int outcomes[3] = {};
	struct stat st;
	pid_t swapper;

	test_copy(a, here, 0644);
	test_copy(b, there, 0644);
	assert_int_equal(stat(here, &st), 0);
	swapper = exchange_for_ever(here, there);
	for (int i = 0; i < 1000; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			_exit(load_once(*state, st.st_ino));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < WRONG);
		outcomes[WEXITSTATUS(status)]++;
	}
	kill(swapper, SIGKILL);
	assert_int_equal(waitpid(swapper, NULL, 0), swapper);
	assert_true(outcomes[LOADED] > 0);
	assert_true(outcomes[REFUSED] > 0);
	free(a);
	free(b);
	free(here);
	free(there);
}

static void untrusted_file_is_refused_with_the_command_that_mends_it(void **state)
{
	char *expected = str_format("%1$s/fake-two.so is writable by everyone (mode 0646); chmod "
				    "o-w '%1$s/fake-two.so'", (char *)*state);

	test_copy_fake(state, "fake-two", "fake-two.so");
	assert_int_equal(chmod(test_path(state, "fake-two.so"), 0646), 0);
	assert_refused(*state, "fake-two", -EPERM, expected);
	free(expected);
}

static void untrusted_file_is_not_passed_over_for_one_in_a_later_folder(void **state)
{
	char *const dirs[] = { *state, (char *)fake_dir(), NULL };
	struct trust t = test_trust();
	struct plugin *p = NULL;
	char *reason;

	test_copy_fake(state, "fake-two", "fake-two.so");
	assert_int_equal(chmod(*state, 0777), 0);
	assert_int_equal(plugin_load_trusting(&t, "fake-two", dirs, &p, &reason), -EPERM);
	assert_null(p);
	free(reason);
}

/* Each allocation in turn: an error, no leak, and nothing left that keeps the next try from working. */
static void load_without_memory_is_an_error_and_nothing_else(void **state)
{
	static const char *const names[] = { "fake-two", "fake-newer-minor", "fake-sorce" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int r = -ENOMEM;

		for (unsigned int n = 1; r == -ENOMEM; n++) {
			char *spec = str_format("sys.alloc=ENOMEM@%u", n), *reason = NULL;
			struct plugin *p = NULL;

			test_fail(spec);
			r = load_from(fake_dir(), names[i], &p, &reason);
			assert_true(r == -ENOMEM || fail_count("sys.alloc") == 0);
			assert_int_equal(fail_configure(NULL), 0);
			assert_true(r == 0 || !p);
			assert_true(n < 1000);
			plugin_free(p);
			free(reason);
			free(spec);
		}
		assert_int_equal(r, i == 0 ? 0 : i == 1 ? -EPROTO : -ENOENT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fake_plugin_gets_its_documented_answer),
		cmocka_unit_test(plugin_built_with_another_header_loads_if_it_uses_nothing_unknown),
		cmocka_unit_test(plugin_says_what_it_holds),
		cmocka_unit_test(first_folder_wins_and_the_other_file_is_remembered),
		cmocka_unit_test(one_folder_listed_twice_shadows_nothing),
		cmocka_unit_test(absent_plugin_is_looked_for_in_every_folder_and_a_near_name_offered),
		cmocka_unit_test(name_that_is_a_path_is_refused),
		unit_test_with_folder(load_without_memory_is_an_error_and_nothing_else),
		unit_test_with_folder(file_that_is_no_shared_object_is_refused_before_it_is_mapped),
		unit_test_with_folder(truncated_plugin_never_ends_the_process),
		unit_test_with_folder(file_that_was_replaced_is_outdated),
		unit_test_with_folder(
			file_swapped_between_check_and_load_is_never_taken_for_the_checked_one),
		unit_test_with_folder(untrusted_file_is_refused_with_the_command_that_mends_it),
		unit_test_with_folder(
			untrusted_file_is_not_passed_over_for_one_in_a_later_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
