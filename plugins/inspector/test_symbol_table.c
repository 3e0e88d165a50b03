/* SPDX-License-Identifier: Apache-2.0 */
#include "test_support.h"

#include <dlfcn.h>

#define MAX_SYMBOLS 8
#define GLOBAL STB_GLOBAL
#define WEAK STB_WEAK
#define LOCAL STB_LOCAL
#define FUNC STT_FUNC
#define LABEL STT_NOTYPE

/* The name of an address, or "-" where no symbol covers it. Offsets are from .text. */
static const struct {
	const char *what;
	struct wanted_symbol symbols[MAX_SYMBOLS];
	struct {
		uint64_t address;
		const char *name;
		uint64_t start;
	} answers[6];
} rows[] = {
	{ "a symbol names its own range only",
	  { { "f", 0x10, 0x10, GLOBAL, FUNC } },
	  { { 0x0f, "-", 0 }, { 0x10, "f", 0x10 }, { 0x1f, "f", 0x10 }, { 0x20, "-", 0 } } },
	{ "size 0 reaches to the next symbol",
	  { { "open", 0x10, 0, GLOBAL, FUNC }, { "next", 0x30, 0x10, GLOBAL, FUNC } },
	  { { 0x2f, "open", 0x10 }, { 0x30, "next", 0x30 }, { 0x40, "-", 0 } } },
	{ "size 0 reaches to the end of the section",
	  { { "open", 0x10, 0, GLOBAL, FUNC } },
	  { { TEXT_SIZE - 1, "open", 0x10 }, { TEXT_SIZE, "-", 0 } } },
	{ "global before weak before local",
	  { { "local", 0x10, 0x10, LOCAL, FUNC }, { "weak", 0x10, 0x10, WEAK, FUNC },
	    { "global", 0x10, 0x10, GLOBAL, FUNC } },
	  { { 0x18, "global", 0x10 } } },
	{ "weak before local",
	  { { "local", 0x10, 0x10, LOCAL, FUNC }, { "__weak", 0x10, 0x10, WEAK, FUNC } },
	  { { 0x18, "__weak", 0x10 } } },
	{ "fewest leading underscores",
	  { { "__libc_read", 0x10, 0x10, GLOBAL, FUNC }, { "_read", 0x10, 0x10, GLOBAL, FUNC },
	    { "read", 0x10, 0x10, GLOBAL, FUNC }, { "__read", 0x10, 0x10, GLOBAL, FUNC } },
	  { { 0x10, "read", 0x10 } } },
	{ "of equals the first",
	  { { "b", 0x10, 0x10, GLOBAL, FUNC }, { "a", 0x10, 0x10, GLOBAL, FUNC } },
	  { { 0x10, "b", 0x10 } } },
	{ "functions before labels",
	  { { "label", 0x10, 0, GLOBAL, LABEL }, { "function", 0x10, 0x10, LOCAL, FUNC } },
	  { { 0x10, "function", 0x10 } } },
	{ "a label inside a function names nothing",
	  { { "f", 0x10, 0x40, GLOBAL, FUNC }, { "loop", 0x20, 0, LOCAL, LABEL } },
	  { { 0x1f, "f", 0x10 }, { 0x20, "f", 0x10 }, { 0x4f, "f", 0x10 }, { 0x50, "-", 0 } } },
	{ "a label outside of functions does",
	  { { "f", 0x10, 0x10, GLOBAL, FUNC }, { "start", 0x20, 0, GLOBAL, LABEL } },
	  { { 0x20, "start", 0x20 }, { 0x1f, "f", 0x10 } } },
	{ "the innermost function wins, the outer one goes on behind it",
	  { { "outer", 0x10, 0x50, GLOBAL, FUNC }, { "inner", 0x20, 0x10, GLOBAL, FUNC },
	    { "later", 0x38, 0x08, GLOBAL, FUNC } },
	  { { 0x1f, "outer", 0x10 }, { 0x20, "inner", 0x20 }, { 0x30, "outer", 0x10 },
	    { 0x38, "later", 0x38 }, { 0x5f, "outer", 0x10 }, { 0x60, "-", 0 } } },
	{ "an alias that reaches further names the rest",
	  { { "short", 0x10, 0x08, GLOBAL, FUNC }, { "long", 0x10, 0x20, LOCAL, FUNC } },
	  { { 0x10, "short", 0x10 }, { 0x18, "long", 0x10 }, { 0x2f, "long", 0x10 },
	    { 0x30, "-", 0 } } },
	{ "the version is not part of the name",
	  { { "memcpy@@GLIBC_2.14", 0x10, 0x10, GLOBAL, FUNC } },
	  { { 0x10, "memcpy", 0x10 } } },
	{ "data names nothing",
	  { { "table", 0x10, 0x10, GLOBAL, STT_OBJECT }, { "file.c", 0x10, 0x10, LOCAL, STT_FILE } },
	  { { 0x10, "-", 0 } } },
	{ "indirect functions do",
	  { { "ifunc", 0x10, 0x10, GLOBAL, STT_GNU_IFUNC } },
	  { { 0x10, "ifunc", 0x10 } } },
	{ "a size that leaves the address space is cut",
	  { { "f", 0x10, UINT64_MAX, GLOBAL, FUNC } },
	  { { 0x0f, "-", 0 }, { 0x10, "f", 0x10 }, { 0xffffff, "f", 0x10 } } },
};

static void symbols_name_what_the_rules_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(symbol_table_freep) struct symbol_table *t = NULL;
		struct made_elf e;
		struct elf_file f;
		size_t n = 0;

		while (n < MAX_SYMBOLS && rows[i].symbols[n].name)
			n++;
		elf_make(&e, rows[i].symbols, n);
		f = elf_of_memory(&e, sizeof(e));
		assert_int_equal(table_build(&f, &t), 0);
		for (size_t k = 0; k < 6 && rows[i].answers[k].name; k++) {
			char name[SYMBOL_MAX_NAME] = "-";
			struct symbol s = { .start = TEXT_ADDRESS };

			if (symbol_rows_find(symbol_table_rows(t), TEXT_ADDRESS + rows[i].answers[k].address, &s))
				assert_int_equal(table_name(t, &f, s.name, name), 0);
			if (strcmp(name, rows[i].answers[k].name) != 0 ||
			    s.start != TEXT_ADDRESS + rows[i].answers[k].start)
				fail_msg("%s: +0x%lx is %s from +0x%lx", rows[i].what,
					 (unsigned long)rows[i].answers[k].address, name,
					 (unsigned long)(s.start - TEXT_ADDRESS));
		}
	}
}

/* ---- against readelf ---- */

struct oracle_symbol {
	uint64_t value, size;
	char name[128];
	unsigned int rank;
};

static unsigned int oracle_rank(const char *bind)
{
	if (strcmp(bind, "GLOBAL") == 0 || strcmp(bind, "UNIQUE") == 0)
		return 0;
	return strcmp(bind, "WEAK") == 0 ? 1 : 2;
}

/* Functions with a size; versions are cut off as ours are. */
static size_t oracle_read(const char *path, struct oracle_symbol *symbols, size_t max)
{
	const char *const argv[] = { "readelf", "-sW", path, NULL };
	_cleanup_free_ char *text = output_of(argv);
	char *save = NULL;
	size_t n = 0;

	for (char *line = strtok_r(text, "\n", &save); line && n < max;
	     line = strtok_r(NULL, "\n", &save)) {
		struct oracle_symbol *s = &symbols[n];
		char size[32], type[16], bind[16], section[16];

		if (sscanf(line, " %*d: %lx %31s %15s %15s %*s %15s %127s", &s->value, size, type, bind,
			   section, s->name) != 6)
			continue;
		s->size = strtoull(size, NULL, 0);
		if ((strcmp(type, "FUNC") != 0 && strcmp(type, "IFUNC") != 0) || s->size == 0 ||
		    section[0] < '0' || section[0] > '9')
			continue;
		s->rank = oracle_rank(bind);
		s->name[strcspn(s->name, "@")] = '\0';
		n++;
	}
	return n;
}

static size_t underscores(const char *name)
{
	return strspn(name, "_");
}

static bool oracle_prefers(const struct oracle_symbol *s, const struct oracle_symbol *to)
{
	if (s->value != to->value)
		return s->value > to->value;
	if (s->rank != to->rank)
		return s->rank < to->rank;
	return underscores(s->name) < underscores(to->name);
}

static const struct oracle_symbol *oracle_find(const struct oracle_symbol *symbols, size_t n,
					       uint64_t address)
{
	const struct oracle_symbol *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (address >= symbols[i].value && address - symbols[i].value < symbols[i].size &&
		    (!best || oracle_prefers(&symbols[i], best)))
			best = &symbols[i];
	return best;
}

/* 200 functions, looked up at their first, middle and last byte and behind it. */
static void assert_names_as_readelf(const char *path)
{
	static struct oracle_symbol symbols[20000];
	_cleanup_(symbol_table_freep) struct symbol_table *t = NULL;
	_cleanup_close_ int fd = -1;
	size_t n = oracle_read(path, symbols, ARRAY_SIZE(symbols)), n_checked = 0;
	struct elf_file f = elf_of_path(path, &fd);

	assert_true(n >= 40);
	assert_int_equal(table_build(&f, &t), 0);
	for (size_t i = 0; i < n; i += n / 200 + 1) {
		const uint64_t offsets[] = { 0, symbols[i].size / 2, symbols[i].size - 1 };

		for (size_t k = 0; k < ARRAY_SIZE(offsets); k++) {
			uint64_t address = symbols[i].value + offsets[k];
			const struct oracle_symbol *want = oracle_find(symbols, n, address);
			char name[SYMBOL_MAX_NAME];
			struct symbol got;

			assert_true(symbol_rows_find(symbol_table_rows(t), address, &got));
			assert_int_equal(table_name(t, &f, got.name, name), 0);
			if (strncmp(name, want->name, sizeof(want->name) - 1) != 0 ||
			    got.start != want->value)
				fail_msg("%s: %lx is %s, readelf has %s", path, address, name, want->name);
			n_checked++;
		}
	}
	assert_true(n_checked >= 100);
}

static void a_stripped_library_is_named_as_readelf_names_it(void **state)
{
	Dl_info libc;

	(void)state;
	assert_int_not_equal(dladdr((void *)(uintptr_t)abort, &libc), 0);
	assert_names_as_readelf(libc.dli_fname);
}

/* The test itself: built with symbols and not stripped. */
static void a_program_with_symbols_is_named_as_readelf_names_it(void **state)
{
	(void)state;
	assert_names_as_readelf(own_path());
}

/* ---- bounds ---- */

static void names_that_are_cut_or_unterminated_stay_inside_the_strings(void **state)
{
	struct wanted_symbol wanted = { "f", 0x10, 0x10, GLOBAL, FUNC };
	_cleanup_(symbol_table_freep) struct symbol_table *t = NULL;
	static char name[SYMBOL_MAX_NAME];
	struct symbol s;
	struct made_elf e;
	struct elf_file f;

	(void)state;
	elf_make(&e, &wanted, 1);
	e.symbols[1].st_name = sizeof(e.strings) - 4;
	memcpy(e.strings + sizeof(e.strings) - 4, "abcd", 4);
	f = elf_of_memory(&e, sizeof(e));
	assert_int_equal(table_build(&f, &t), 0);
	assert_true(symbol_rows_find(symbol_table_rows(t), TEXT_ADDRESS + 0x10, &s));
	assert_int_equal(table_name(t, &f, s.name, name), 0);
	assert_string_equal(name, "abcd");

	e.symbols[1].st_name = 1;
	memset(e.strings + 1, 'x', sizeof(e.strings) - 1);
	assert_int_equal(table_name(t, &f, 1, name), 0);
	assert_int_equal(strlen(name), SYMBOL_MAX_NAME - 1);
	assert_int_equal(table_name(t, &f, sizeof(e.strings), name), -ERANGE);
}

static void a_file_cut_anywhere_gives_a_table_or_an_error(void **state)
{
	struct wanted_symbol wanted = { "f", 0x10, 0x10, GLOBAL, FUNC };
	struct made_elf e;

	(void)state;
	elf_make(&e, &wanted, 1);
	for (size_t size = 0; size < sizeof(e); size++) {
		_cleanup_(symbol_table_freep) struct symbol_table *t = NULL;
		struct reader reader;
		struct elf_file f;

		reader_open_memory(&reader, &e, size);
		if (elf_open(&f, &reader) < 0)
			continue;
		assert_int_equal(table_build(&f, &t), 0);
		assert_int_equal(symbol_table_rows(t)->n_rows, 0); /* .strtab is the last thing in it */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_name_what_the_rules_say),
		cmocka_unit_test(a_stripped_library_is_named_as_readelf_names_it),
		cmocka_unit_test(a_program_with_symbols_is_named_as_readelf_names_it),
		cmocka_unit_test(names_that_are_cut_or_unterminated_stay_inside_the_strings),
		cmocka_unit_test(a_file_cut_anywhere_gives_a_table_or_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
