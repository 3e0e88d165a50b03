/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cleanup.h"
#include "debug_package.h"

static void each_package_has_its_symbols_in_the_one_that_debian_made(void **state)
{
	static const struct {
		const char *owner, *package;
		bool is_in_archive;
	} cases[] = {
		{ "gzip", "gzip-dbgsym", false },
		{ "libc6", "libc6-dbg", true },
		{ "libc6-i386", "libc6-i386-dbgsym", false },
		{ "python3.11", "python3.11-dbg", true },
		{ "python3.11-minimal", "python3.11-dbg", true },
		{ "libpython3.9-stdlib", "python3.9-dbg", true },
		{ "python3-numpy", "python3-numpy-dbgsym", false },
		{ "python3.x", "python3.x-dbgsym", false },
		{ "openjdk-17-jre-headless", "openjdk-17-dbg", true },
		{ "openjdk-17", "openjdk-17-dbgsym", false },
		{ "libkrb5-3", "libkrb5-dbg", true },
		{ "lua5.4", "liblua5.4-0-dbg", true },
		{ "liblua5.1-0", "liblua5.1-0-dbg", true },
		{ "libnl-3-200", "libnl-3-200-dbg", true },
		{ "libnl-route-3-200", "libnl-3-200-dbg", true },
		{ "libgsl27", "libgsl-dbg", true },
		{ "libgsl", "libgsl-dbgsym", false },
		{ "libdb5.3", "libdb5.3-dbg", true },
		{ "libctf0", "libctf0-dbg", true },
		{ "", "-dbgsym", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char package[64];

		assert_int_equal(debug_package(cases[i].owner, package, sizeof(package)),
				 cases[i].is_in_archive);
		assert_string_equal(package, cases[i].package);
	}
}

static void a_name_that_is_too_long_is_cut(void **state)
{
	char package[12];

	(void)state;
	assert_false(debug_package("a-very-long-name", package, sizeof(package)));
	assert_string_equal(package, "a-very-long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_package_has_its_symbols_in_the_one_that_debian_made),
		cmocka_unit_test(a_name_that_is_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
