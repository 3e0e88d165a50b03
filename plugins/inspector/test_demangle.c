/* SPDX-License-Identifier: Apache-2.0 */
#include "test_support.h"

#include "demangle.h"

static const struct {
	const char *mangled, *name; /* name NULL: stays as it is */
} rows[] = {
	{ "main", NULL },
	{ "", NULL },
	{ "_", NULL },
	{ "_Z", NULL },
	{ "_Zebra", NULL },
	{ "main.main", NULL }, /* Go */
	{ "github.com/a/b.(*T).Run", NULL },
	{ "_Z3addii", "add" },
	{ "_ZN4shop4Cart5priceEv", "shop::Cart::price" },
	{ "_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int, std::allocator<int> >::push_back" },
	{ "_ZN4CartD2Ev", "Cart::~Cart" },
	{ "_ZNK4CarteqERKS_", "Cart::operator==" },
	{ "_Z3maxIdET_S0_S0_", "max<double>" },
	{ "_ZZ4mainENKUlvE_clEv", "main::{lambda()#1}::operator()" },
	{ "_ZN12_GLOBAL__N_14workEv", "(anonymous namespace)::work" },
	{ "_ZTV4Cart", "vtable for Cart" },
	{ "_Z4workv.cold", "work.cold" },
	{ "_Z4workv.constprop.0.isra.1", "work.constprop.0.isra.1" },
	{ "_ZL4workv.llvm.11547295849", "work" },
	{ "_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt" },
	{ "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
	  "<Test + 'static as foo::Bar<Test>>::bar" },
	{ "_ZN4main4work28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE.llvm.8127",
	  "main::work::{{closure}}" },
	{ "_RNvC6_123foo3bar", "123foo::bar" },
	{ "_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar" },
	{ "_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_", "cc::spawn::{closure#0}::{closure#0}" },
	{ "_RINvNtC3std3mem8align_ofdE", "std::mem::align_of::<f64>" },
	{ "_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y",
	  "utf8_idents::საჭმელად_გემრიელი_სადილი" },
	{ "_RNvNtCs1234_7mycrate3foo3bar.llvm.9D1C9369", "mycrate::foo::bar" },
};

static void names_read_as_people_write_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[DEMANGLE_MAX] = "untouched";
		bool is_mangled = demangle(rows[i].mangled, name);

		if (is_mangled != !!rows[i].name ||
		    (is_mangled && strcmp(name, rows[i].name) != 0))
			fail_msg("%s reads %s", rows[i].mangled, is_mangled ? name : "as it is");
	}
}

static void corpus_read(const char *name, char ret[static 4096])
{
	char path[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/demangle/%s", getenv("HEARTH_SOURCE_DIR"),
		 name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, ret, 4095);
	assert_true(n > 0);
	ret[n] = '\0';
	close(fd);
}

static void names_that_print_without_end_are_cut(void **state)
{
	static const char *const endless[] = { "cplus-doubling", "rust-doubling" };

	(void)state;
	alarm(20); /* without a limit they print gigabytes */
	for (size_t i = 0; i < ARRAY_SIZE(endless); i++) {
		char mangled[4096], name[DEMANGLE_MAX];

		corpus_read(endless[i], mangled);
		for (int n = 0; n < 1000; n++)
			assert_true(demangle(mangled, name));
		assert_int_equal(strlen(name), DEMANGLE_MAX - 1);
		assert_string_equal(name + DEMANGLE_MAX - 4, "...");
	}
	alarm(0);
}

static void names_too_deep_or_too_long_stay_as_they_are(void **state)
{
	static const char *const names[] = { "cplus-long", "rust-deep" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char mangled[4096], name[DEMANGLE_MAX];

		corpus_read(names[i], mangled);
		assert_false(demangle(mangled, name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_read_as_people_write_them),
		cmocka_unit_test(names_that_print_without_end_are_cut),
		cmocka_unit_test(names_too_deep_or_too_long_stay_as_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
