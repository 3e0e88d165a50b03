/* SPDX-License-Identifier: Apache-2.0 */
#include "test_support.h"

#include <sys/mman.h>

#include "kernel_names.h"
#include "kernel_table.h"

static struct kernel_table *table_of(const char *modules, const char *symbols)
{
	struct kernel_table *t;

	assert_int_equal(kernel_table_new(&t), 0);
	assert_int_equal(kernel_table_add_modules(t, modules, strlen(modules)), 0);
	assert_int_equal(kernel_table_add_symbols(t, symbols, strlen(symbols)), 0);
	assert_int_equal(kernel_table_finish(t), 0);
	return t;
}

static const char modules_text[] =
	"xfs 65536 1 - Live 0xffffffffc0a00000 (E)\n"
	"nonsense\n"
	"short 4096 0 - Live 0xffffffffc0b00000\n";

/* Modules as the kernel lists them: each in the order of its symbol table, not of addresses. */
static const char symbols_text[] =
	"0000000000000000 A fixed_percpu_data\n"
	"ffffffff81000000 T _stext\n"
	"ffffffff81000000 t local_alias\n"
	"ffffffff81000100 T __pfx_do_it\n"
	"ffffffff81000110 T do_it\n"
	"ffffffff81000200 t ___three\n"
	"ffffffff81000200 t __two\n"
	"ffffffff81000200 W weak_one\n"
	"ffffffff81000300 D data_in_the_middle\n"
	"not a line\n"
	"ffffffff81001000 T _etext\n"
	"ffffffff82000000 T far_function\n"
	"ffffffffc0a00800 t xfs_second\t[xfs]\n"
	"ffffffffc0a00000 t __pfx_xfs_first\t[xfs]\n"
	"ffffffffc0a00010 t xfs_first\t[xfs]\n"
	"ffffffffc0b00000 t short_last\t[short]\n"
	"ffffffffc0c00000 t bpf_prog_1234\t[bpf]\n";

static const struct {
	uint64_t address;
	const char *name, *module;
	uint64_t start;
} answers[] = {
	{ 0xffffffff80ffffff, NULL, NULL, 0 },
	{ 0xffffffff81000000, "_stext", NULL, 0xffffffff81000000 },
	{ 0xffffffff81000108, "__pfx_do_it", NULL, 0xffffffff81000100 },
	{ 0xffffffff81000110, "do_it", NULL, 0xffffffff81000110 },
	{ 0xffffffff810001ff, "do_it", NULL, 0xffffffff81000110 },
	{ 0xffffffff81000200, "weak_one", NULL, 0xffffffff81000200 },
	{ 0xffffffff81000fff, "weak_one", NULL, 0xffffffff81000200 },
	{ 0xffffffff81001000, NULL, NULL, 0 }, /* behind the text */
	{ 0xffffffff81ffffff, NULL, NULL, 0 },
	{ 0xffffffff82000010, "far_function", NULL, 0xffffffff82000000 },
	{ 0xffffffff82100000, NULL, NULL, 0 }, /* no function is as long as that */
	{ 0xffffffffc0a00000, "__pfx_xfs_first", "xfs", 0xffffffffc0a00000 },
	{ 0xffffffffc0a007ff, "xfs_first", "xfs", 0xffffffffc0a00010 },
	{ 0xffffffffc0a0ffff, "xfs_second", "xfs", 0xffffffffc0a00800 },
	{ 0xffffffffc0a10000, NULL, NULL, 0 }, /* the module's end */
	{ 0xffffffffc0b00fff, "short_last", "short", 0xffffffffc0b00000 },
	{ 0xffffffffc0b01000, NULL, NULL, 0 },
	{ 0xffffffffc0c0ffff, "bpf_prog_1234", "bpf", 0xffffffffc0c00000 },
	{ 0xffffffffc0c10000, NULL, NULL, 0 },
	{ 0, NULL, NULL, 0 },
	{ UINT64_MAX, NULL, NULL, 0 },
};

static void assert_answers(const struct kernel_table *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct kernel_symbol s = { .name = "" };
		bool found = kernel_table_find(t, answers[i].address, &s);

		if (found != (answers[i].name != NULL))
			fail_msg("%lx: %s", answers[i].address, found ? s.name : "nothing");
		if (!found)
			continue;
		assert_string_equal(s.name, answers[i].name);
		assert_int_equal(s.start, answers[i].start);
		if (answers[i].module)
			assert_string_equal(s.module, answers[i].module);
		else
			assert_null(s.module);
	}
}

static void addresses_are_named_within_text_and_modules(void **state)
{
	_cleanup_(kernel_table_freep) struct kernel_table *t = table_of(modules_text, symbols_text);

	(void)state;
	assert_answers(t);
}

static void text_may_come_in_pieces_of_any_length(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 100; piece++) {
		_cleanup_(kernel_table_freep) struct kernel_table *t = NULL;
		size_t len = strlen(symbols_text);

		assert_int_equal(kernel_table_new(&t), 0);
		assert_int_equal(kernel_table_add_modules(t, modules_text, strlen(modules_text)), 0);
		for (size_t at = 0; at < len; at += piece)
			assert_int_equal(kernel_table_add_symbols(t, symbols_text + at,
								  len - at < piece ? len - at : piece), 0);
		assert_int_equal(kernel_table_finish(t), 0);
		assert_answers(t);
	}
}

static void hidden_addresses_are_told_from_none(void **state)
{
	static const char hidden[] = "0000000000000000 T _stext\n0000000000000000 t x\n";
	struct kernel_table *t;

	(void)state;
	assert_int_equal(kernel_table_new(&t), 0);
	assert_int_equal(kernel_table_finish(t), -ENODATA);
	assert_int_equal(kernel_table_add_symbols(t, hidden, strlen(hidden)), 0);
	assert_int_equal(kernel_table_finish(t), -EPERM);
	kernel_table_free(t);
}

static void lines_without_end_are_left_out(void **state)
{
	_cleanup_(kernel_table_freep) struct kernel_table *t = NULL;
	static char endless[5000];

	(void)state;
	memset(endless, 'f', sizeof(endless));
	assert_int_equal(kernel_table_new(&t), 0);
	assert_int_equal(kernel_table_add_symbols(t, endless, sizeof(endless)), 0);
	assert_int_equal(kernel_table_add_symbols(t, "\n", 1), 0);
	assert_int_equal(kernel_table_add_symbols(t, symbols_text, strlen(symbols_text)), 0);
	assert_int_equal(kernel_table_finish(t), 0);
	assert_int_equal(kernel_table_length(t), 11);
}

static void this_machines_symbols_take_less_than_four_mebibytes(void **state)
{
	_cleanup_(kernel_table_freep) struct kernel_table *t = NULL;
	_cleanup_close_ int fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	static char text[65536];
	ssize_t n;

	(void)state;
	assert_int_equal(kernel_table_new(&t), 0);
	while ((n = read(fd, text, sizeof(text))) > 0)
		assert_int_equal(kernel_table_add_symbols(t, text, (size_t)n), 0);
	assert_int_equal(kernel_table_finish(t), 0);
	assert_true(kernel_table_length(t) > 10000);
	assert_true(kernel_table_bytes(t) < 4 << 20);
}

/* ---- reading anew ---- */

struct heard {
	unsigned int n;
	char last[64];
};

static int32_t hear(void *ctx, const char *module, const char *cause,
		    const struct hearth_symbol_line *lines, uint32_t n_lines)
{
	struct heard *h = ctx;

	(void)module;
	h->n++;
	snprintf(h->last, sizeof(h->last), "%s", n_lines ? lines[0].function : cause);
	return 0;
}

static void file_set(int fd, const char *text)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
}

static const char *name_at(struct kernel_names *k, uint64_t now_s, int fd, uint64_t address)
{
	static struct heard heard;
	struct hearth_naming out = { .size = sizeof(out), .ctx = &heard, .symbol = hear };
	const char *cause = NULL;
	int r;

	r = kernel_names_answer(k, now_s * 1000000000ull, fd, -1, &address, 1, &out, &cause);
	return r < 0 ? cause : heard.last;
}

static void symbols_are_read_again_when_an_address_is_new_but_not_too_often(void **state)
{
	static const char unnamed[] = "no kernel symbol covers it";
	_cleanup_close_ int fd = memfd_create("kallsyms", MFD_CLOEXEC);
	struct kernel_names *k;

	(void)state;
	assert_int_equal(kernel_names_new(&k), 0);
	file_set(fd, "ffffffff81000000 T first\nffffffff81000100 T _etext\n");
	assert_string_equal(name_at(k, 100, fd, 0xffffffff81000010), "first");
	file_set(fd, "ffffffff81000000 T first\nffffffff81000100 T _etext\n"
		     "ffffffffc0000000 t late\t[late]\n");
	assert_string_equal(name_at(k, 109, fd, 0xffffffffc0000010), unnamed);
	assert_string_equal(name_at(k, 110, fd, 0xffffffffc0000010), "late");
	/* Nothing covers this one: after 10 s it is looked for again, then after 20 s, 40 s … */
	assert_string_equal(name_at(k, 120, fd, 0xffffffffd0000000), unnamed);
	file_set(fd, "ffffffff81000000 T first\nffffffffd0000000 t found\t[bpf]\n");
	assert_string_equal(name_at(k, 129, fd, 0xffffffffd0000000), unnamed);
	assert_string_equal(name_at(k, 141, fd, 0xffffffffd0000000), "found");
	kernel_names_free(k);
}

static const char *name_with_modules(struct kernel_names *k, int symbols_fd, int modules_fd)
{
	static struct heard heard;
	struct hearth_naming out = { .size = sizeof(out), .ctx = &heard, .symbol = hear };
	const uint64_t address = 0xffffffffc0000010;
	const char *cause = NULL;
	int r;

	r = kernel_names_answer(k, 100000000000ull, symbols_fd, modules_fd, &address, 1, &out, &cause);
	return r < 0 ? cause : heard.last;
}

static void symbols_are_read_again_at_once_when_a_module_came_or_went(void **state)
{
	_cleanup_close_ int symbols = memfd_create("kallsyms", MFD_CLOEXEC);
	_cleanup_close_ int modules = memfd_create("modules", MFD_CLOEXEC);
	struct kernel_names *k;

	(void)state;
	assert_int_equal(kernel_names_new(&k), 0);
	file_set(modules, "first 4096 0 - Live 0xffffffffc0000000\n");
	file_set(symbols, "ffffffff81000000 T _stext\nffffffffc0000000 t one\t[first]\n");
	assert_string_equal(name_with_modules(k, symbols, modules), "one");
	/* Another user of the module, and nothing else: what was read still holds. */
	file_set(modules, "first 4096 1 - Live 0xffffffffc0000000\n");
	file_set(symbols, "ffffffff81000000 T _stext\nffffffffc0000000 t two\t[second]\n");
	assert_string_equal(name_with_modules(k, symbols, modules), "one");
	file_set(modules, "second 4096 0 - Live 0xffffffffc0000000\n");
	assert_string_equal(name_with_modules(k, symbols, modules), "two");
	file_set(modules, "");
	file_set(symbols, "ffffffff81000000 T _stext\n");
	assert_string_equal(name_with_modules(k, symbols, modules), "no kernel symbol covers it");
	kernel_names_free(k);
}

/* What an address of a recording is called, with where it begins, or why it has no name. */
static const char *recorded_at(uint64_t here, uint64_t text, uint64_t address)
{
	_cleanup_close_ int symbols = memfd_create("kallsyms", MFD_CLOEXEC);
	_cleanup_close_ int modules = memfd_create("modules", MFD_CLOEXEC);
	static struct heard heard;
	struct hearth_naming out = { .size = sizeof(out), .ctx = &heard, .symbol = hear };
	const struct kernel_fds fds = { .symbols = symbols, .modules = modules };
	const char *cause = NULL;
	struct kernel_names *k;
	char lines[512];
	int r;

	heard = (struct heard){};
	snprintf(lines, sizeof(lines), "%016lx T _text\n%016lx T work\n%016lx T _etext\n"
		 "%016lx t driver\t[mod]\n", here, here + 0x100, here + 0x1000, here + 0x40000000);
	file_set(symbols, lines);
	snprintf(lines, sizeof(lines), "mod 4096 0 - Live 0x%016lx\n", here + 0x40000000);
	file_set(modules, lines);
	assert_int_equal(kernel_names_new(&k), 0);
	r = kernel_names_answer_recorded(k, &fds, 0, text, &address, 1, &out, &cause);
	kernel_names_free(k);
	return r < 0 ? cause : heard.last;
}

static void a_recorded_kernel_is_named_by_how_far_it_has_moved(void **state)
{
	static const uint64_t usual = 0xffffffff81000000, here = 0xffffffff9a000000;
	static const char gone[] = "of a module, and where those lay is not known any more";
	const struct {
		uint64_t here, text, address;
		const char *name;
	} rows[] = {
		{ here, usual, usual + 0x180, "work" },
		{ here, usual, usual + 0xfff, "work" },
		{ here, usual, usual + 0x1000, gone },
		{ here, usual, usual - 1, gone },
		{ here, usual, usual + 0x40000010, gone },
		{ here, usual, here + 0x180, gone }, /* where it is now */
		{ usual, here, here + 0x180, "work" },
		{ here, here, here + 0x180, "work" },
		{ here, here, here + 0x40000010, "driver" }, /* it has not booted since */
		{ usual, usual, usual + 0x40000010, gone },  /* it may have */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(recorded_at(rows[i].here, rows[i].text, rows[i].address),
				    rows[i].name);
}

static void hidden_addresses_are_explained(void **state)
{
	_cleanup_close_ int fd = memfd_create("kallsyms", MFD_CLOEXEC);
	struct kernel_names *k;

	(void)state;
	assert_int_equal(kernel_names_new(&k), 0);
	file_set(fd, "0000000000000000 T first\n");
	assert_string_equal(name_at(k, 100, fd, 0xffffffff81000010),
			    "the kernel hides its addresses (kernel.kptr_restrict)");
	kernel_names_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_named_within_text_and_modules),
		cmocka_unit_test(text_may_come_in_pieces_of_any_length),
		cmocka_unit_test(hidden_addresses_are_told_from_none),
		cmocka_unit_test(lines_without_end_are_left_out),
		cmocka_unit_test(this_machines_symbols_take_less_than_four_mebibytes),
		cmocka_unit_test(symbols_are_read_again_when_an_address_is_new_but_not_too_often),
		cmocka_unit_test(symbols_are_read_again_at_once_when_a_module_came_or_went),
		cmocka_unit_test(a_recorded_kernel_is_named_by_how_far_it_has_moved),
		cmocka_unit_test(hidden_addresses_are_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
