/* SPDX-License-Identifier: Apache-2.0 */
#include "helpers_fixture.h"

#include <dlfcn.h>
#include <link.h>

#define helpers_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* Of libc, and of no sanitizer that puts its own before it. */
#define FUNCTION "gnu_get_libc_version"

static uint64_t address_in_libc(const char *name, char *ret_path, size_t size)
{
	const struct link_map *map;
	Dl_info info;

	assert_int_not_equal(dladdr1(dlsym(RTLD_NEXT, name), &info, (void **)&map, RTLD_DL_LINKMAP), 0);
	assert_non_null(realpath(info.dli_fname, ret_path));
	assert_true(strlen(ret_path) < size);
	return (uint64_t)(uintptr_t)info.dli_saddr - map->l_addr;
}

static void a_library_is_opened_identified_and_named(void **state)
{
	struct fixture *f = *state;
	_cleanup_reply_ struct reply opened = {}, named = {};
	char path[PATH_MAX];
	uint64_t addresses[2] = { address_in_libc(FUNCTION, path, sizeof(path)), 1 };
	const struct hearth_inspected *i = ask_open(f, path, &opened);
	const struct hearth_named *n;
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(i->status, 0);
	assert_int_equal(i->file_size, st.st_size);
	assert_int_equal(i->build_id_len, 20);
	assert_true(i->n_loads >= 3);
	assert_true(i->flags & HEARTH_ELF_DYNSYM);

	assert_int_equal(helpers_names(f->helpers, i->handle, addresses, 2, on_answer, &named), 0);
	wait_for(f, &named);
	n = &named.answer->named;
	assert_int_equal(n->status, 0);
	assert_int_equal(n->n_symbols, 2);
	assert_int_equal(n->symbols[0].n_lines, 1);
	assert_string_equal(n->lines[n->symbols[0].first_line].function, FUNCTION);
	assert_int_equal(n->lines[n->symbols[0].first_line].start, addresses[0]);
	assert_int_equal(n->symbols[1].n_lines, 0);
	assert_string_equal(n->symbols[1].cause, "no symbol covers it");
}

static void helpers_are_not_started_before_they_are_needed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(opener_of(f), 0);
	assert_int_equal(inspector_of(f), 0);
	(void)open_handle(f, "/proc/self/exe");
	assert_int_not_equal(opener_of(f), 0);
	assert_int_not_equal(inspector_of(f), 0);
}

static void many_questions_for_one_file_get_one_handle(void **state)
{
	struct fixture *f = *state;
	struct reply replies[50] = {};
	char path[PATH_MAX];
	struct hearth_inspect_target t;

	(void)address_in_libc(FUNCTION, path, sizeof(path));
	t = target_of_path(path);
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++)
		assert_int_equal(helpers_open(f->helpers, &t, on_answer, &replies[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(replies); i++) {
		wait_for(f, &replies[i]);
		assert_int_equal(replies[i].answer->inspected.handle,
				 replies[0].answer->inspected.handle);
		if (i > 0)
			reply_done(&replies[i]);
	}
	reply_done(&replies[0]);
}

static void a_file_that_was_written_gets_another_handle(void **state)
{
	struct fixture *f = *state;
	const char *path = test_path((void **)&f->folder, "program");
	uint64_t first;
	int fd;

	copy_file("/bin/true", path);
	first = open_handle(f, path);
	assert_int_equal(open_handle(f, path), first);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	assert_int_not_equal(open_handle(f, path), first);
}

static void what_is_no_file_is_answered_without_a_helper(void **state)
{
	static const char *const paths[] = {
		"[vsyscall]", "[heap]", "[stack]", "//anon", "", "/dev/zero (deleted)", "/dev/dri/card0",
		"/SYSV00000000 (deleted)", "/anon_hugepage (deleted)", "anon_inode:[perf_event]",
		"socket:[123]", "/[aio] (deleted)",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_reply_ struct reply reply = {};
		struct hearth_inspect_target t = {
			.size = sizeof(t), .pid = getpid(), .path = paths[i], .inode = 5,
		};

		assert_int_equal(helpers_open(f->helpers, &t, on_answer, &reply), 0);
		wait_for(f, &reply);
		assert_int_equal(reply.answer->inspected.status, -ENOTSUP);
		assert_string_equal(reply.answer->inspected.cause, "no file is behind this mapping");
	}
	assert_int_equal(opener_of(f), 0);
}

static const struct hearth_inspected *ask_vdso(struct fixture *f, uint64_t map_end,
					       struct reply *reply)
{
	struct hearth_inspect_target t = {
		.size = sizeof(t), .pid = getpid(), .path = "[vdso]", .map_end = map_end,
	};

	assert_int_equal(helpers_open(f->helpers, &t, on_answer, reply), 0);
	wait_for(f, reply);
	return &reply->answer->inspected;
}

static void the_vdso_is_one_file_for_all_64_bit_processes(void **state)
{
	_cleanup_reply_ struct reply one = {}, other = {}, compat = {};
	struct fixture *f = *state;

	assert_int_equal(ask_vdso(f, 0x7fff00002000, &one)->status, 0);
	assert_true(one.answer->inspected.flags & HEARTH_ELF_DYNSYM);
	assert_int_equal(ask_vdso(f, 0x7ffe00004000, &other)->handle,
			 one.answer->inspected.handle);
	assert_int_equal(ask_vdso(f, 0xf7ff2000, &compat)->status, -ENOTSUP);
}

static void requests_that_make_no_sense_are_refused_at_once(void **state)
{
	static const uint64_t addresses[4097];
	static char long_path[PATH_MAX + 1];
	struct fixture *f = *state;
	struct hearth_inspect_target t = { .size = sizeof(t), .pid = 1, .path = "/x", .inode = 1 };

	assert_int_equal(helpers_names(f->helpers, 1, addresses, 0, on_answer, NULL), -EINVAL);
	assert_int_equal(helpers_names(f->helpers, 1, addresses, 4097, on_answer, NULL), -EINVAL);
	assert_int_equal(helpers_kernel(f->helpers, addresses, 4097, on_answer, NULL), -EINVAL);
	t.pid = 0;
	assert_int_equal(helpers_open(f->helpers, &t, on_answer, NULL), -EINVAL);
	t.pid = 1;
	t.path = memset(long_path, '/', PATH_MAX);
	assert_int_equal(helpers_open(f->helpers, &t, on_answer, NULL), -EINVAL);
	t.path = NULL;
	assert_int_equal(helpers_open(f->helpers, &t, on_answer, NULL), -EINVAL);
	t.path = "/x";
	t.size = 8;
	assert_int_equal(helpers_open(f->helpers, &t, on_answer, NULL), -EINVAL);
}

static void files_that_are_no_elf_say_so_again_and_again(void **state)
{
	struct fixture *f = *state;
	const char *text = test_path((void **)&f->folder, "text");
	const char *cut = test_path((void **)&f->folder, "cut");

	write_text(text, "#!/bin/sh\n");
	copy_file("/bin/true", cut);
	assert_int_equal(truncate(cut, 100), 0);
	for (int i = 0; i < 2; i++) {
		_cleanup_reply_ struct reply a = {}, b = {};

		assert_int_equal(ask_open(f, text, &a)->status, -ENOEXEC);
		assert_string_equal(a.answer->inspected.cause, "not an ELF file");
		assert_int_equal(ask_open(f, cut, &b)->status, -ERANGE);
		assert_string_equal(b.answer->inspected.cause, "the ELF file is cut or damaged");
	}
}

static void a_failure_to_open_says_why_and_is_remembered(void **state)
{
	struct fixture *f = *state;
	const char *path = test_path((void **)&f->folder, "program");
	struct hearth_inspect_target t;

	copy_file("/bin/true", path);
	t = target_of_path(path);
	t.inode++;
	for (int i = 0; i < 2; i++) {
		_cleanup_reply_ struct reply reply = {};

		assert_int_equal(helpers_open(f->helpers, &t, on_answer, &reply), 0);
		wait_for(f, &reply);
		assert_int_equal(reply.answer->inspected.status, -ESTALE);
		assert_string_equal(reply.answer->inspected.cause, "another file is in its place");
		kill(opener_of(f), SIGSTOP); /* the second answer comes without it */
	}
	kill(opener_of(f), SIGCONT);
}

static void handles_that_were_never_given_are_unknown(void **state)
{
	struct fixture *f = *state;
	_cleanup_reply_ struct reply reply = {};
	uint64_t address = 1;

	assert_int_equal(helpers_names(f->helpers, 77, &address, 1, on_answer, &reply), 0);
	wait_for(f, &reply);
	assert_int_equal(reply.answer->named.status, -ENOENT);
	assert_string_equal(reply.answer->named.cause, "unknown handle 77");
}

static void a_full_question_is_answered_whole(void **state)
{
	struct fixture *f = *state;
	_cleanup_reply_ struct reply reply = {};
	static uint64_t addresses[4096];
	char path[PATH_MAX];
	uint64_t base = address_in_libc(FUNCTION, path, sizeof(path));
	const struct hearth_named *n;

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		addresses[i] = i % 2 ? base : i;
	assert_int_equal(helpers_names(f->helpers, open_handle(f, path), addresses, 4096, on_answer,
				       &reply), 0);
	wait_for(f, &reply);
	n = &reply.answer->named;
	assert_int_equal(n->status, 0);
	assert_int_equal(n->n_symbols, 4096);
	for (size_t i = 1; i < ARRAY_SIZE(addresses); i += 2)
		assert_string_equal(n->lines[n->symbols[i].first_line].function, FUNCTION);
}

static bool is_text_symbol(const char *line, uint64_t *ret_address, char name[256])
{
	char type;

	return sscanf(line, "%" SCNx64 " %c %255s", ret_address, &type, name) == 3 &&
	       strchr("tTwW", type) && *ret_address != 0;
}

/* Whether kallsyms has `name` at `address`; the host is not the helper, it may read the file. */
static bool kallsyms_has(const char *text, uint64_t address, const char *name)
{
	char key[32];
	const char *p = text;

	snprintf(key, sizeof(key), "%016" PRIx64 " ", address);
	while ((p = strstr(p, key))) {
		size_t len = strlen(name);

		if (strncmp(p + 19, name, len) == 0 && strchr("\n\t", p[19 + len]))
			return true;
		p++;
	}
	return false;
}

static void kernel_names_are_those_of_kallsyms(void **state)
{
	struct fixture *f = *state;
	_cleanup_reply_ struct reply reply = {};
	_cleanup_free_ char *text = NULL, *copy = NULL;
	uint64_t addresses[200];
	char name[256], *save = NULL;
	size_t len, n = 0, row = 0;
	int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);

	assert_int_equal(fd_read_all(fd, 64 << 20, &text, &len), 0);
	close(fd);
	copy = strdup(text);
	for (char *line = strtok_r(copy, "\n", &save); line && n < ARRAY_SIZE(addresses);
	     line = strtok_r(NULL, "\n", &save))
		if (is_text_symbol(line, &addresses[n], name) && ++row % 200 == 0 &&
		    strcmp(name, "_etext") != 0 && strcmp(name, "_einittext") != 0)
			n++;
	assert_true(n > 100);
	assert_int_equal(helpers_kernel(f->helpers, addresses, (uint32_t)n, on_answer, &reply), 0);
	wait_for(f, &reply);
	assert_int_equal(reply.answer->named.status, 0);
	for (size_t i = 0; i < n; i++) {
		const struct hearth_named *named = &reply.answer->named;
		const struct hearth_symbol_line *line = &named->lines[named->symbols[i].first_line];

		assert_int_equal(named->symbols[i].n_lines, 1);
		assert_int_equal(line->start, addresses[i]);
		if (!kallsyms_has(text, addresses[i], line->function))
			fail_msg("%s is not at %" PRIx64, line->function, addresses[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		helpers_test(a_library_is_opened_identified_and_named),
		helpers_test(helpers_are_not_started_before_they_are_needed),
		helpers_test(many_questions_for_one_file_get_one_handle),
		helpers_test(a_file_that_was_written_gets_another_handle),
		helpers_test(what_is_no_file_is_answered_without_a_helper),
		helpers_test(the_vdso_is_one_file_for_all_64_bit_processes),
		helpers_test(requests_that_make_no_sense_are_refused_at_once),
		helpers_test(files_that_are_no_elf_say_so_again_and_again),
		helpers_test(a_failure_to_open_says_why_and_is_remembered),
		helpers_test(handles_that_were_never_given_are_unknown),
		helpers_test(a_full_question_is_answered_whole),
		helpers_test(kernel_names_are_those_of_kallsyms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
