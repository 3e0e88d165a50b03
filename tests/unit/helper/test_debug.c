/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the debug file of a stripped one is found. The test strips its own program, with
 * binutils, and asks for a function that only .symtab names.
 */
#include "helpers_fixture.h"

#include <dlfcn.h>
#include <spawn.h>

#include "helper/debug_file.h"

#define NAME "named_by_symtab"

__attribute__((noinline)) static void named_by_symtab(void)
{
	__asm__ volatile("");
}

static void objcopy(const char *how, const char *from, const char *to)
{
	char *argv[] = { (char *)"objcopy", (char *)how, (char *)from, (char *)to, NULL };
	int status;
	pid_t pid;

	assert_int_equal(posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static const char *in_folder(struct fixture *f, const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned int n;
	char *path = paths[n++ % 8];

	snprintf(path, PATH_MAX, "%s/%s", f->folder, name);
	return path;
}

static void folders_make(const char *path)
{
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s", path);
	for (char *p = folder + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		assert_true(mkdir(folder, 0755) == 0 || errno == EEXIST);
		*p = '/';
	}
}

static void copy_to(struct fixture *f, const char *from, const char *to)
{
	folders_make(in_folder(f, to));
	copy_file(in_folder(f, from), in_folder(f, to));
}

/* "made.debug", and "app" that is stripped and linked to a file called "app.debug". */
static void app_make(struct fixture *f)
{
	char self[PATH_MAX], link[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	objcopy("--only-keep-debug", self, in_folder(f, "made.debug"));
	copy_to(f, "made.debug", "app.debug");
	snprintf(link, sizeof(link), "--add-gnu-debuglink=%s", in_folder(f, "app.debug"));
	objcopy(link, self, in_folder(f, "linked"));
	objcopy("--strip-all", in_folder(f, "linked"), in_folder(f, "app"));
	assert_int_equal(unlink(in_folder(f, "app.debug")), 0);
}

/* What the function is called by a process that maps "app" from `path`. */
static void name_is(struct fixture *f, pid_t pid, const char *path, const char *expected)
{
	_cleanup_reply_ struct reply opened = {}, named = {};
	struct hearth_inspect_target t = target_of_path(in_folder(f, "app"));
	const struct hearth_named *answer;
	uint64_t address;
	Dl_info info;

	assert_int_not_equal(dladdr((void *)named_by_symtab, &info), 0);
	address = (uint64_t)(uintptr_t)named_by_symtab - (uint64_t)(uintptr_t)info.dli_fbase;
	t.pid = pid;
	t.path = path;
	assert_int_equal(helpers_open(f->helpers, &t, on_answer, &opened), 0);
	wait_for(f, &opened);
	assert_int_equal(opened.answer->inspected.status, 0);
	assert_int_equal(helpers_names(f->helpers, opened.answer->inspected.handle, &address, 1,
				       on_answer, &named), 0);
	wait_for(f, &named);
	answer = &named.answer->named;
	assert_int_equal(answer->status, 0);
	if (!expected) {
		assert_int_equal(answer->symbols[0].n_lines, 0);
		return;
	}
	assert_int_equal(answer->symbols[0].n_lines, 1);
	assert_string_equal(answer->lines[0].function, expected);
}

static void own_name_is(struct fixture *f, const char *expected)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", in_folder(f, "app"));
	name_is(f, getpid(), path, expected);
}

static void a_stripped_file_without_a_debug_file_stays_so(void **state)
{
	struct fixture *f = *state;

	app_make(f);
	own_name_is(f, NULL);
}

static void a_debug_file_is_found_beside_the_file(void **state)
{
	struct fixture *f = *state;

	app_make(f);
	copy_to(f, "made.debug", "app.debug");
	own_name_is(f, NAME);
}

static void what_is_not_of_the_same_build_is_passed_over(void **state)
{
	struct fixture *f = *state;
	char executable[PATH_MAX];

	app_make(f);
	copy_file(built("hearth", executable), in_folder(f, "app.debug"));
	copy_to(f, "made.debug", ".debug/app.debug");
	own_name_is(f, NAME);
}

static void what_would_block_or_is_no_elf_is_passed_over(void **state)
{
	struct fixture *f = *state;

	app_make(f);
	assert_int_equal(mkfifo(in_folder(f, "app.debug"), 0600), 0);
	folders_make(in_folder(f, ".debug/app.debug"));
	write_text(in_folder(f, ".debug/app.debug"), "not an ELF file");
	own_name_is(f, NULL);
}

/* Somebody who maps a file of root's may not tell others what its functions are called. */
static void a_debug_file_of_another_owner_is_not_believed(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	app_make(f);
	copy_to(f, "made.debug", "app.debug");
	assert_int_equal(chown(in_folder(f, "app.debug"), 65534, 65534), 0);
	own_name_is(f, NULL);
}

static void by_id(struct fixture *f, char *ret, size_t size)
{
	_cleanup_reply_ struct reply reply = {};
	const struct hearth_inspected *i;
	int len;

	copy_to(f, "app", "again"); /* another file: of "app" nothing is known yet */
	i = ask_open(f, in_folder(f, "again"), &reply);
	assert_int_equal(i->status, 0);
	assert_true(i->build_id_len > 1);
	len = snprintf(ret, size, "usr/lib/debug/.build-id/%02x/", i->build_id[0]);
	for (uint32_t n = 1; n < i->build_id_len; n++)
		len += snprintf(ret + len, size - (size_t)len, "%02x", i->build_id[n]);
	snprintf(ret + len, size - (size_t)len, ".debug");
}

static void places_below_usr_lib_debug_are_those_of_the_process_s_root(void **state)
{
	static const char *const by_path = "usr/lib/debug/opt/app.debug";
	struct fixture *f = *state;
	char id_path[256];
	pid_t pid;

	if (geteuid() != 0)
		skip();
	app_make(f);
	by_id(f, id_path, sizeof(id_path));
	for (int i = 0; i < 2; i++) {
		copy_to(f, "app", "copy"); /* a file that is asked about for the first time */
		assert_int_equal(rename(in_folder(f, "copy"), in_folder(f, "app")), 0);
		copy_to(f, "app", "opt/app");
		assert_int_equal(unlink(in_folder(f, "opt/app")), 0);
		assert_int_equal(link(in_folder(f, "app"), in_folder(f, "opt/app")), 0);
		copy_to(f, "made.debug", i ? by_path : id_path);
		pid = child_in_root(f->folder);
		name_is(f, pid, "/opt/app", NAME);
		child_end(pid);
		assert_int_equal(unlink(in_folder(f, i ? by_path : id_path)), 0);
	}
}

static void names_go_on_when_the_inspector_was_replaced(void **state)
{
	struct fixture *f = *state;
	pid_t inspector;

	app_make(f);
	copy_to(f, "made.debug", "app.debug");
	own_name_is(f, NAME);
	inspector = inspector_of(f);
	assert_int_equal(kill(inspector, SIGKILL), 0);
	while (inspector_of(f) == inspector)
		assert_int_equal(loop_run_once(f->loop, 100), 0);
	own_name_is(f, NAME);
}

/* The inspector that names the link may have been taken over, and gets what is opened. */
static void a_link_leads_to_debug_files_in_its_folder_only(void **state)
{
	static const struct {
		const char *file, *link;
		int place;
	} links[] = {
		{ "secret.debug", "secret.debug", 1 },
		{ "secret", "secret", -ENOENT },
		{ ".debug/.debug", ".debug", -ENOENT },
		{ "secret.debug", "../opt/secret.debug", -ENOENT },
		{ "secret.debug", "./secret.debug", -ENOENT },
		{ "secret.debug", "", -ENOENT },
	};
	struct fixture *f = *state;
	char path[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		_cleanup_close_ int fd = -1;

		snprintf(path, sizeof(path), "%s", in_folder(f, "app"));
		folders_make(in_folder(f, links[i].file));
		write_text(in_folder(f, links[i].file), "x");
		assert_int_equal(stat(in_folder(f, links[i].file), &st), 0);
		assert_int_equal(debug_file_open(&(struct debug_file){
							 .pid = getpid(),
							 .path = path,
							 .link = links[i].link,
							 .device = st.st_dev,
							 .owner = st.st_uid,
						 }, 0, &fd), links[i].place);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_stripped_file_without_a_debug_file_stays_so, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_debug_file_is_found_beside_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_of_the_same_build_is_passed_over, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_would_block_or_is_no_elf_is_passed_over, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_debug_file_of_another_owner_is_not_believed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			places_below_usr_lib_debug_are_those_of_the_process_s_root, setup, teardown),
		cmocka_unit_test_setup_teardown(a_link_leads_to_debug_files_in_its_folder_only, setup,
						teardown),
		cmocka_unit_test_setup_teardown(names_go_on_when_the_inspector_was_replaced, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
