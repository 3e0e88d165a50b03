/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "package.h"
#include "test_doctor.h"

static const char status[] =
	"Package: gzip\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.12-1\n\n"
	"Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\n\n"
	"Package: zlib1g\nStatus: install ok installed\nMulti-Arch: same\nArchitecture: amd64\n\n"
	"Package: ../../../etc/evil\nStatus: install ok installed\n\n"
	"Package: last\nStatus: install ok installed\nArchitecture: all\n";

static const struct world_file files[] = {
	{ "/var/lib/dpkg/status", status, 0 },
	{ "/var/lib/dpkg/info/gzip.list", "/.\n/bin\n/bin/gzip\n/usr/share/doc\n", 0 },
	{ "/var/lib/dpkg/info/gone.list", "/usr/bin/leftover\n", 0 },
	{ "/var/lib/dpkg/info/zlib1g:amd64.list", "/usr/lib/x86_64-linux-gnu/libz.so.1\n", 0 },
	{ "/var/lib/dpkg/info/../../../etc/evil.list", "/usr/bin/leftover\n", 0 },
	{ "/var/lib/dpkg/info/last.list", "/usr/bin/last", 0 },
};

static const char *owner_of(const char *path)
{
	static struct package_query queries[2];
	struct world w = { files, ARRAY_SIZE(files) };
	const struct file_source source = { world_open, &w };

	queries[0] = (struct package_query){ .path = "/nobody/knows" };
	queries[1] = (struct package_query){ .path = path };
	package_find_owners(&source, queries, 2);
	assert_string_equal(queries[0].owner, "");
	return queries[1].owner;
}

static void the_owner_is_the_installed_package_that_lists_the_file(void **state)
{
	static const struct {
		const char *path, *owner;
	} rows[] = {
		{ "/bin/gzip", "gzip" },
		{ "/usr/bin/gzip", "gzip" },                       /* /bin is a link to /usr/bin */
		{ "/lib/x86_64-linux-gnu/libz.so.1", "zlib1g" },   /* the other way round */
		{ "/usr/lib/x86_64-linux-gnu/libz.so.1", "zlib1g" },
		{ "/usr/bin/last", "last" },                       /* no newline at the end */
		{ "/usr/bin/leftover", "" },
		{ "/usr/bin/gzi", "" },
		{ "/usr/local/bin/gzip", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(owner_of(rows[i].path), rows[i].owner);
}

static void without_dpkg_there_are_no_owners(void **state)
{
	struct package_query query = { .path = "/bin/gzip" };
	struct world w = { NULL, 0 };
	const struct file_source source = { world_open, &w };

	(void)state;
	package_find_owners(&source, &query, 1);
	assert_string_equal(query.owner, "");
}

static void the_distribution_is_that_of_os_release(void **state)
{
	static const struct {
		const char *text;
		enum package_family family;
		const char *codename;
	} rows[] = {
		{ "NAME=\"Debian\"\nVERSION_CODENAME=bookworm\nID=debian\n", PACKAGE_DEBIAN,
		  "bookworm" },
		{ "ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n", PACKAGE_UBUNTU, "noble" },
		{ "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", PACKAGE_RPM, "" },
		{ "ID=mint\nID_LIKE='ubuntu debian'\n", PACKAGE_UBUNTU, "" },
		{ "ID=alpine\n", PACKAGE_UNKNOWN, "" },
		{ "", PACKAGE_UNKNOWN, "" },
		{ "ID=debian\nVERSION_CODENAME=a-name-that-is-longer-than-any-distribution-has\n",
		  PACKAGE_DEBIAN, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct world_file f = { "/etc/os-release", rows[i].text, 0 };
		struct world w = { &f, 1 };
		const struct file_source source = { world_open, &w };
		struct distribution d;

		distribution_read(&source, &d);
		assert_int_equal(d.family, rows[i].family);
		assert_string_equal(d.codename, rows[i].codename);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_owner_is_the_installed_package_that_lists_the_file),
		cmocka_unit_test(without_dpkg_there_are_no_owners),
		cmocka_unit_test(the_distribution_is_that_of_os_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
