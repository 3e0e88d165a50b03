/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that a recording tells of, by path and build id. The test cuts its own program to pieces
 * with binutils, and asks for a function that only .symtab names.
 */
#include "recorded_fixture.h"

#include <dlfcn.h>

#define NAME "named_by_symtab"
#define ANY_ID_LEN 20u

__attribute__((noinline)) static void named_by_symtab(void)
{
	__asm__ volatile("");
}

static const char *own_path(void)
{
	static char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	return self;
}

/* "whole", "app" that is stripped of it, and "app.debug". */
static void app_make(struct fixture *f)
{
	copy_file(own_path(), in_folder(f, "whole"));
	run((char *[]){ "objcopy", "--strip-all", (char *)own_path(), (char *)in_folder(f, "app"), NULL });
	run((char *[]){ "objcopy", "--only-keep-debug", (char *)own_path(),
			(char *)in_folder(f, "app.debug"), NULL });
}

static struct build own_build(struct fixture *f)
{
	_cleanup_reply_ struct reply reply = {};
	const struct hearth_inspected *i = ask_open(f, own_path(), &reply);
	struct build b = { .len = i->build_id_len };

	assert_int_equal(i->status, 0);
	assert_true(b.len > 1 && b.len <= sizeof(b.id));
	memcpy(b.id, i->build_id, b.len);
	return b;
}

static const struct hearth_inspected *ask(struct fixture *f, const char *path,
					  const struct build *b, struct reply *reply)
{
	struct hearth_inspect_recorded t = {
		.size = sizeof(t),
		.path = path,
		.build_id = b->id,
		.build_id_len = b->len,
	};

	assert_int_equal(helpers_open_recorded(f->helpers, &t, on_answer, reply), 0);
	wait_for(f, reply);
	return &reply->answer->inspected;
}

/* Where the function is in the program's file, as a recording has it: offset, by way of `loads`. */
static uint64_t elf_address(const struct hearth_inspected *i)
{
	Dl_info info;
	uint64_t address;

	assert_int_not_equal(dladdr((void *)named_by_symtab, &info), 0);
	address = (uint64_t)(uintptr_t)named_by_symtab - (uint64_t)(uintptr_t)info.dli_fbase;
	for (uint32_t k = 0; k < i->n_loads; k++)
		if ((i->loads[k].flags & 1) && address >= i->loads[k].vaddr &&
		    address - i->loads[k].vaddr < i->loads[k].file_size)
			return address;
	fail_msg("no executable segment holds the function");
	return 0;
}

static void name_is(struct fixture *f, const char *path, const struct build *b, const char *expected)
{
	_cleanup_reply_ struct reply opened = {}, named = {};
	const struct hearth_inspected *i = ask(f, path, b, &opened);
	const struct hearth_named *answer;
	uint64_t address;

	assert_int_equal(i->status, 0);
	assert_int_equal(i->build_id_len, b->len);
	assert_memory_equal(i->build_id, b->id, b->len);
	address = elf_address(i);
	assert_int_equal(helpers_names(f->helpers, i->handle, &address, 1, on_answer, &named), 0);
	wait_for(f, &named);
	answer = &named.answer->named;
	assert_int_equal(answer->status, 0);
	assert_int_equal(answer->symbols[0].n_lines, expected ? 1 : 0);
	if (expected)
		assert_string_equal(answer->lines[0].function, expected);
}

static void cause_is(struct fixture *f, const char *path, const struct build *b, int status,
		     const char *expected)
{
	_cleanup_reply_ struct reply reply = {};
	const struct hearth_inspected *i = ask(f, path, b, &reply);

	assert_int_equal(i->status, status);
	assert_non_null(strstr(i->cause, expected));
}

static void a_file_at_its_path_is_used_if_it_is_of_the_build(void **state)
{
	struct fixture *f = *state;
	struct build b = own_build(f);

	app_make(f);
	name_is(f, in_folder(f, "whole"), &b, NAME);
}

static void a_file_of_another_build_is_never_used(void **state)
{
	struct fixture *f = *state;
	struct build b = own_build(f), other = { .len = ANY_ID_LEN };
	_cleanup_free_ char *expected =
		str_format("is of another build (%02x%02x%02x%02x%02x%02x…, recorded was 000000000000…)",
			   b.id[0], b.id[1], b.id[2], b.id[3], b.id[4], b.id[5]);

	app_make(f);
	cause_is(f, in_folder(f, "whole"), &other, -ESTALE, expected);
}

static void a_file_of_which_no_build_id_was_recorded_is_taken_as_it_is(void **state)
{
	struct fixture *f = *state;
	_cleanup_reply_ struct reply reply = {};
	struct build none = {};

	app_make(f);
	assert_int_equal(ask(f, in_folder(f, "whole"), &none, &reply)->status, 0);
}

/* Root's helper must not read for a recording what the one who wrote it could not. */
static void without_a_build_id_only_what_everybody_may_read_is_read(void **state)
{
	struct fixture *f = *state;
	struct build b = own_build(f), none = {};

	app_make(f);
	assert_int_equal(chmod(in_folder(f, "whole"), 0700), 0);
	cause_is(f, in_folder(f, "whole"), &none, -ENOENT, "may not be read");
	name_is(f, in_folder(f, "whole"), &b, NAME);
}

/* It begins within a character of two bytes, and before one. */
static void of_a_long_path_whole_characters_of_the_end_are_told(void **state)
{
	static const char *const ends[] = { "x", "xx" };
	struct fixture *f = *state;
	struct build b = { .id = { 0xab, 0x12 }, .len = 2 };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		char path[128] = "/";
		size_t len = 1;
		_cleanup_free_ char *expected = str_format(
			"ö%s is not on this machine and nothing has its build id ab12", ends[i]);

		while (len < 80)
			len += (size_t)snprintf(path + len, sizeof(path) - len, "ö");
		snprintf(path + len, sizeof(path) - len, "%s", ends[i]);
		cause_is(f, path, &b, -ENOENT, expected);
		cause_is(f, path, &b, -ENOENT, "…ö");
	}
}

static void a_file_that_is_gone_is_said_to_be(void **state)
{
	struct fixture *f = *state;
	struct build b = { .id = { 0xab, 0x12 }, .len = 2 };

	cause_is(f, "/nowhere/tool", &b, -ENOENT,
		 "/nowhere/tool is not on this machine and nothing has its build id ab12");
}

static void what_would_block_or_is_no_elf_is_no_file(void **state)
{
	struct fixture *f = *state;
	struct build b = { .id = { 1, 2 }, .len = 2 };

	assert_int_equal(mkfifo(in_folder(f, "fifo"), 0644), 0);
	cause_is(f, in_folder(f, "fifo"), &b, -ENOENT, "is no regular file");
	write_text(in_folder(f, "text"), "not an ELF file");
	cause_is(f, in_folder(f, "text"), &b, -ENOENT, "cannot be read");
	cause_is(f, "/dev/zero", &b, -ENOENT, "is no regular file");
}

static void a_debug_file_by_build_id_stands_for_a_program_that_is_gone(void **state)
{
	struct fixture *f = *state;
	struct build b;

	if (!debug_folder_make(f))
		skip();
	b = own_build(f);
	app_make(f);
	debug_file_put(f, "app.debug", &b);
	name_is(f, "/nowhere/app", &b, NAME);
	debug_folder_end();
}

static void a_debug_file_names_what_a_stripped_program_does_not(void **state)
{
	struct fixture *f = *state;
	struct build b;

	if (!debug_folder_make(f))
		skip();
	b = own_build(f);
	app_make(f);
	debug_file_put(f, "app.debug", &b);
	name_is(f, in_folder(f, "app"), &b, NAME);
	debug_folder_end();
}

static void a_debug_file_stands_for_a_program_that_another_build_has_replaced(void **state)
{
	struct fixture *f = *state;
	char executable[PATH_MAX];
	struct build b;

	if (!debug_folder_make(f))
		skip();
	b = own_build(f);
	app_make(f);
	debug_file_put(f, "app.debug", &b);
	copy_file(built("hearth", executable), in_folder(f, "replaced"));
	name_is(f, in_folder(f, "replaced"), &b, NAME);
	debug_folder_end();
}

/* Who may write there and is not root must not tell root's profile what functions are called. */
static void a_debug_file_that_lies_under_a_false_build_id_is_not_used(void **state)
{
	struct fixture *f = *state;
	struct build other = { .id = { 0xaa, 0xbb, 0xcc }, .len = 3 };

	if (!debug_folder_make(f))
		skip();
	app_make(f);
	debug_file_put(f, "app.debug", &other);
	cause_is(f, "/nowhere/app", &other, -ENOENT, "is not on this machine and nothing has its build id");
	debug_folder_end();
}

static void the_vdso_is_ours_only_if_its_build_id_is(void **state)
{
	struct fixture *f = *state;
	_cleanup_reply_ struct reply mapped = {}, same = {};
	const struct build none = {}, other = { .id = { 1, 2 }, .len = 2 };
	struct hearth_inspect_target t = { .size = sizeof(t), .pid = getpid(), .path = "[vdso]",
					   .map_start = 5ull << 30, .map_end = 6ull << 30 };
	const struct hearth_inspected *i;
	struct build b;

	assert_int_equal(helpers_open(f->helpers, &t, on_answer, &mapped), 0);
	wait_for(f, &mapped);
	i = &mapped.answer->inspected;
	assert_int_equal(i->status, 0);
	b.len = i->build_id_len;
	memcpy(b.id, i->build_id, b.len);
	i = ask(f, "[vdso]", &b, &same);
	assert_int_equal(i->status, 0);
	assert_int_equal(i->handle, mapped.answer->inspected.handle);
	cause_is(f, "[vdso]", &other, -ENOENT, "[vdso] is not on this machine");
	cause_is(f, "[vdso]", &none, -ENOTSUP, "the recording has no build id of it");
}

static void a_request_that_makes_no_sense_is_not_taken(void **state)
{
	struct fixture *f = *state;
	uint8_t id[HELPER_MAX_BUILD_ID + 1] = {};
	struct hearth_inspect_recorded t = { .size = sizeof(t), .path = "/x", .build_id = id,
					     .build_id_len = sizeof(id) };

	assert_int_equal(helpers_open_recorded(f->helpers, &t, on_answer, NULL), -EINVAL);
	t.build_id_len = 0;
	t.path = NULL;
	assert_int_equal(helpers_open_recorded(f->helpers, &t, on_answer, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_at_its_path_is_used_if_it_is_of_the_build),
		TEST(a_file_of_another_build_is_never_used),
		TEST(a_file_of_which_no_build_id_was_recorded_is_taken_as_it_is),
		TEST(without_a_build_id_only_what_everybody_may_read_is_read),
		TEST(a_file_that_is_gone_is_said_to_be),
		TEST(of_a_long_path_whole_characters_of_the_end_are_told),
		TEST(what_would_block_or_is_no_elf_is_no_file),
		TEST(a_debug_file_by_build_id_stands_for_a_program_that_is_gone),
		TEST(a_debug_file_names_what_a_stripped_program_does_not),
		TEST(a_debug_file_stands_for_a_program_that_another_build_has_replaced),
		TEST(a_debug_file_that_lies_under_a_false_build_id_is_not_used),
		TEST(the_vdso_is_ours_only_if_its_build_id_is),
		TEST(a_request_that_makes_no_sense_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
