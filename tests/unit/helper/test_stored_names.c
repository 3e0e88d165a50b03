/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names from stored tables, through real helper processes: which file's names they are, and what a
 * damaged table costs. The library with the many functions is the assembler's work.
 */
#include "helpers_fixture.h"

#include <dirent.h>
#include <spawn.h>

#include "helper/stored_key.h"
#include "helper/system_file.h"

#define FUNCTIONS 1500 /* enough for a table to be worth storing */

static void run(char *const *argv)
{
	int status;
	pid_t pid;

	assert_int_equal(posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static const char *in_folder(const struct fixture *f, const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned int n;
	char *path = paths[n++ % 8];

	snprintf(path, PATH_MAX, "%s/%s", f->folder, name);
	return path;
}

/* "app", stripped, and "app.debug" beside it: functions of 16 bytes at 16, 32, … named NAME_0, …. */
static void app_make(struct fixture *f, const char *name)
{
	_cleanup_free_ char *source = str_format(
		".macro one\n.type %s_\\@,@function\n%s_\\@: .skip 16\n.size %s_\\@,16\n.endm\n"
		".skip 16\n.rept %d\none\n.endr\n", name, name, name, FUNCTIONS);
	_cleanup_free_ char *link = str_format("--add-gnu-debuglink=%s", in_folder(f, "app.debug"));
	char *whole = (char *)in_folder(f, "whole"), *debug = (char *)in_folder(f, "app.debug");

	write_text(in_folder(f, "app.s"), source);
	run((char *[]){ "cc", "-shared", "-nostdlib", "-Wl,-Ttext=0x1000",
			"-Wl,--build-id=0x0123456789abcdef", "-o", whole,
			(char *)in_folder(f, "app.s"), NULL });
	run((char *[]){ "objcopy", "--only-keep-debug", whole, debug, NULL });
	run((char *[]){ "objcopy", "--strip-all", link, whole, (char *)in_folder(f, "app"), NULL });
}

static int begin(void **state)
{
	struct fixture *f;
	int r = setup(state);

	f = *state;
	helpers_free(f->helpers);
	f->helpers = NULL;
	return r;
}

/* The name of app's n-th function as helpers see it that have just been started; "-" for none. */
static const char *name_as_seen_anew(struct fixture *f, unsigned int n,
				     struct symbol_store_stats *ret)
{
	static char name[64];
	_cleanup_reply_ struct reply named = {};
	uint64_t address = 0x1000 + 16 + n * 16, handle;
	const struct hearth_named *answer;

	assert_int_equal(helpers_begin_with(f, f->folder), 0);
	/* The file was made just now; a table is stored of what has been at rest. */
	clock_fake(clock_monotonic_ns(), clock_realtime_ns() + 60 * NS_PER_S);
	handle = open_handle(f, in_folder(f, "app"));
	assert_int_equal(helpers_names(f->helpers, handle, &address, 1, on_answer, &named), 0);
	wait_for(f, &named);
	clock_fake(0, 0);
	answer = &named.answer->named;
	assert_int_equal(answer->status, 0);
	snprintf(name, sizeof(name), "%s",
		 answer->symbols[0].n_lines ? answer->lines[0].function : "-");
	if (ret)
		assert_true(helpers_symbol_stats(f->helpers, ret));
	f->helpers = helpers_free(f->helpers); /* waits for what is being stored */
	return name;
}

/* The path of the one table; false: there is none. */
static bool table_path(struct fixture *f, char ret[static PATH_MAX])
{
	DIR *d = opendir(in_folder(f, "symbols"));
	unsigned int n = 0;

	if (!d)
		return false;
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.') {
			snprintf(ret, PATH_MAX, "%s/symbols/%s", f->folder, e->d_name);
			n++;
		}
	closedir(d);
	assert_true(n <= 1);
	return n == 1;
}

static void names_outlive_the_debug_file(void **state)
{
	struct symbol_store_stats stats;
	struct fixture *f = *state;
	char path[PATH_MAX];

	app_make(f, "shop");
	assert_string_equal(name_as_seen_anew(f, 3, &stats), "shop_3");
	assert_true(table_path(f, path));
	assert_int_equal(stats.hits, 0);
	assert_int_equal(unlink(in_folder(f, "app.debug")), 0);
	assert_string_equal(name_as_seen_anew(f, 1234, &stats), "shop_1234");
	assert_int_equal(stats.hits, 1);
	assert_int_equal(unlink(path), 0);
	assert_string_equal(name_as_seen_anew(f, 1234, NULL), "-"); /* the table it was, then */
}

/* The same path, build id, size and times, as far as one can set them. */
static void a_replaced_file_never_gets_the_names_of_the_one_before(void **state)
{
	struct fixture *f = *state;
	struct timespec times[2];
	struct stat before, after;

	app_make(f, "shop");
	assert_string_equal(name_as_seen_anew(f, 3, NULL), "shop_3");
	assert_int_equal(stat(in_folder(f, "app"), &before), 0);
	app_make(f, "evil");
	times[0] = before.st_atim;
	times[1] = before.st_mtim;
	assert_int_equal(utimensat(AT_FDCWD, in_folder(f, "app"), times, 0), 0);
	assert_int_equal(stat(in_folder(f, "app"), &after), 0);
	assert_int_equal(after.st_size, before.st_size);
	assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	assert_string_equal(name_as_seen_anew(f, 3, NULL), "evil_3");
	assert_int_equal(unlink(in_folder(f, "app.debug")), 0);
	assert_string_equal(name_as_seen_anew(f, 3, NULL), "evil_3");
}

static void what_changed_just_now_is_not_stored(void **state)
{
	_cleanup_reply_ struct reply named = {};
	uint64_t address = 0x1000 + 16, handle;
	struct fixture *f = *state;
	char path[PATH_MAX];

	app_make(f, "shop");
	assert_int_equal(helpers_begin_with(f, f->folder), 0);
	clock_fake(clock_monotonic_ns(), clock_realtime_ns()); /* stands still: it never is at rest */
	handle = open_handle(f, in_folder(f, "app"));
	assert_int_equal(helpers_names(f->helpers, handle, &address, 1, on_answer, &named), 0);
	wait_for(f, &named);
	clock_fake(0, 0);
	f->helpers = helpers_free(f->helpers);
	assert_false(table_path(f, path));
}

static void bytes_flip(const char *path, size_t at, char *ret_before)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	char flipped;

	assert_int_equal(pread(fd, ret_before, 1, (off_t)at), 1);
	flipped = (char)~*ret_before;
	assert_int_equal(pwrite(fd, &flipped, 1, (off_t)at), 1);
	close(fd);
}

/* All over the table, and wherever a part of it begins or ends. */
static void a_damaged_table_costs_no_name_and_is_replaced(void **state)
{
	_cleanup_free_ char *whole = NULL, *now = NULL;
	struct symbol_store_stats stats;
	struct fixture *f = *state;
	size_t len, step, now_len;
	char path[PATH_MAX], before;

	app_make(f, "shop");
	assert_string_equal(name_as_seen_anew(f, 3, NULL), "shop_3");
	assert_true(table_path(f, path));
	assert_int_equal(file_read(path, 1 << 20, &whole, &len), 0);
	step = (len - sizeof(struct stored_key)) / 12;
	for (size_t at = 0; at < len; at += at < sizeof(struct stored_key) ? 61 : step) {
		bytes_flip(path, at, &before);
		assert_string_equal(name_as_seen_anew(f, 3, NULL), "shop_3");
		/* A block of names that was not asked for has not been looked at. */
		if (at < sizeof(struct stored_key) + 4096 || at > len / 2) {
			assert_int_equal(file_read(path, 1 << 20, &now, &now_len), 0);
			assert_int_equal(now_len, len);
			assert_memory_equal(now, whole, len);
			free(TAKE_PTR(now));
		}
		assert_int_equal(file_write_atomic(path, whole, len, 0600, true), 0);
	}
	for (size_t cut = 0; cut < len; cut += len / 4) {
		assert_int_equal(truncate(path, (off_t)cut), 0);
		assert_string_equal(name_as_seen_anew(f, 3, &stats), "shop_3");
		assert_int_equal(stats.damaged, cut >= sizeof(struct stored_key));
		assert_int_equal(file_read(path, 1 << 20, &now, &now_len), 0);
		assert_memory_equal(now, whole, len);
		free(TAKE_PTR(now));
	}
}

static void an_archivist_that_is_killed_costs_nothing_but_the_table(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX];

#ifndef HEARTH_FAILPOINTS
	test_skip("needs a build with -Dfailpoints=true");
#endif
	setenv("HEARTH_FAILPOINT", "inspector.store=kill", 1);
	app_make(f, "shop");
	assert_string_equal(name_as_seen_anew(f, 3, NULL), "shop_3");
	assert_false(table_path(f, path));
	unsetenv("HEARTH_FAILPOINT");
	assert_string_equal(name_as_seen_anew(f, 3, NULL), "shop_3");
	assert_true(table_path(f, path));
}

/* What a recording that has only the build id gets; the caller's to free. */
static void ask_recorded(struct fixture *f, struct reply *reply)
{
	static const uint8_t id[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
	struct hearth_inspect_recorded t = {
		.size = sizeof(t),
		.path = in_folder(f, "app"),
		.build_id = id,
		.build_id_len = sizeof(id),
	};

	assert_int_equal(helpers_open_recorded(f->helpers, &t, on_answer, reply), 0);
	wait_for(f, reply);
}

/* A table of "app", which is gone with its debug file. False: here nothing is of the system. */
static bool app_leave_table(struct fixture *f, char path[static PATH_MAX])
{
	_cleanup_close_ int fd = -1;

	app_make(f, "shop");
	fd = open(in_folder(f, "app"), O_RDONLY | O_CLOEXEC);
	if (!system_file_is(fd))
		return false;
	assert_string_equal(name_as_seen_anew(f, 3, NULL), "shop_3");
	assert_true(table_path(f, path));
	assert_int_equal(unlink(in_folder(f, "app")), 0);
	assert_int_equal(unlink(in_folder(f, "app.debug")), 0);
	return true;
}

static void a_stored_table_stands_for_a_file_that_is_gone(void **state)
{
	_cleanup_reply_ struct reply opened = {}, again = {}, named = {};
	uint64_t address = 0x1000 + 16 + 7 * 16;
	const struct hearth_inspected *i;
	struct fixture *f = *state;
	char path[PATH_MAX];
	bool is_in_code = false;

	if (!app_leave_table(f, path))
		skip();
	assert_int_equal(helpers_begin_with(f, f->folder), 0);
	ask_recorded(f, &opened);
	i = &opened.answer->inspected;
	assert_int_equal(i->status, 0);
	for (uint32_t k = 0; k < i->n_loads; k++)
		if (address >= i->loads[k].vaddr && address - i->loads[k].vaddr < i->loads[k].file_size)
			is_in_code = true;
	assert_true(is_in_code);
	assert_int_equal(helpers_names(f->helpers, i->handle, &address, 1, on_answer, &named), 0);
	wait_for(f, &named);
	assert_int_equal(named.answer->named.status, 0);
	assert_string_equal(named.answer->named.lines[0].function, "shop_7");
	ask_recorded(f, &again);
	assert_int_equal(again.answer->inspected.handle, i->handle);
}

static void a_damaged_table_stands_for_nothing_and_is_removed(void **state)
{
	_cleanup_reply_ struct reply reply = {};
	struct fixture *f = *state;
	char path[PATH_MAX], before;
	struct stat st;

	if (!app_leave_table(f, path))
		skip();
	assert_int_equal(stat(path, &st), 0);
	bytes_flip(path, (size_t)st.st_size - 100, &before);
	assert_int_equal(helpers_begin_with(f, f->folder), 0);
	ask_recorded(f, &reply);
	assert_int_equal(reply.answer->inspected.status, -ENOENT);
	assert_non_null(strstr(reply.answer->inspected.cause, "nothing has its build id 0123456789ab…"));
	assert_false(table_path(f, path));
}

/* A table of a container's file, or of a user's: nobody vouches for its build id. */
static void a_table_of_what_is_not_the_system_s_stands_for_nothing(void **state)
{
	_cleanup_reply_ struct reply reply = {};
	struct fixture *f = *state;
	char path[PATH_MAX];

	app_make(f, "shop");
	assert_int_equal(chmod(in_folder(f, "app"), 0777), 0);
	assert_string_equal(name_as_seen_anew(f, 3, NULL), "shop_3");
	assert_true(table_path(f, path));
	assert_int_equal(unlink(in_folder(f, "app")), 0);
	assert_int_equal(helpers_begin_with(f, f->folder), 0);
	ask_recorded(f, &reply);
	assert_int_equal(reply.answer->inspected.status, -ENOENT);
}

#define stored_test(f) cmocka_unit_test_setup_teardown(f, begin, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		stored_test(names_outlive_the_debug_file),
		stored_test(a_replaced_file_never_gets_the_names_of_the_one_before),
		stored_test(what_changed_just_now_is_not_stored),
		stored_test(a_damaged_table_costs_no_name_and_is_replaced),
		stored_test(a_stored_table_stands_for_a_file_that_is_gone),
		stored_test(a_damaged_table_stands_for_nothing_and_is_removed),
		stored_test(a_table_of_what_is_not_the_system_s_stands_for_nothing),
		stored_test(an_archivist_that_is_killed_costs_nothing_but_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
