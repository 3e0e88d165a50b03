/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debian makes NAME-dbgsym of nearly everything, but some packages keep a -dbg of the older kind,
 * often one for a whole source. apt knows no -dbgsym of those, so advice must know them by name.
 */
#include "debug_package.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"

/*
 * Debian 12, by what the -dbg packages hold and depend on. In a name # is digits and * the rest;
 * in a package # is those digits. NULL: the name and "-dbg".
 */
static const struct {
	const char *name, *package;
} older[] = {
	{ "libc6", "libc6-dbg" },
	{ "python3.#*", "python3.#-dbg" },
	{ "libpython3.#*", "python3.#-dbg" },
	{ "openjdk-#-*", "openjdk-#-dbg" },
	{ "libkrb5-3", "libkrb5-dbg" },
	{ "libkrb5support0", "libkrb5-dbg" },
	{ "libk5crypto3", "libkrb5-dbg" },
	{ "libgssapi-krb5-2", "libkrb5-dbg" },
	{ "lua5.#", "liblua5.#-0-dbg" },
	{ "liblua5.#-0", "liblua5.#-0-dbg" },
	{ "libnl-3-200", NULL },
	{ "libnl-*-3-200", "libnl-3-200-dbg" },
	{ "libpcre3", NULL },
	{ "libpcrecpp0v5", "libpcre3-dbg" },
	{ "libgsl#", "libgsl-dbg" },
	{ "libgslcblas0", "libgsl-dbg" },
	{ "libdb5.3", NULL },
	{ "libxdmcp6", NULL },
	{ "valgrind", NULL },
	{ "libbinutils", NULL },
	{ "libctf#", NULL },
	{ "libctf-nobfd0", NULL },
	{ "libgprofng0", NULL },
	{ "binutils-x86-64-linux-gnu", NULL },
	{ "binutils-aarch64-linux-gnu", NULL },
	{ "ceph-base", NULL },
	{ "ceph-common", NULL },
	{ "ceph-mds", NULL },
	{ "ceph-mgr", NULL },
	{ "ceph-mon", NULL },
	{ "ceph-osd", NULL },
	{ "libcephfs2", NULL },
	{ "librados2", NULL },
	{ "librbd1", NULL },
	{ "librgw2", NULL },
	{ "radosgw", NULL },
	{ "vsftpd", NULL },
};

/* *ret_digits: where # matched, or NULL. */
static bool name_matches(const char *name, const char *pattern, const char **ret_digits)
{
	*ret_digits = NULL;
	for (; *pattern && *pattern != '*'; pattern++) {
		if (*pattern == '#' && isdigit((unsigned char)*name)) {
			*ret_digits = name;
			name += strspn(name, "0123456789");
		} else if (*name++ != *pattern) {
			return false;
		}
	}
	if (*pattern == '*') {
		size_t left = strlen(name), tail = strlen(pattern + 1);

		return left >= tail && strcmp(name + left - tail, pattern + 1) == 0;
	}
	return !*name;
}

bool debug_package(const char *owner, char *out, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(older); i++) {
		const char *package = older[i].package, *digits, *hash;

		if (!name_matches(owner, older[i].name, &digits))
			continue;
		hash = package ? strchr(package, '#') : NULL;
		if (!package)
			snprintf(out, size, "%s-dbg", owner);
		else if (hash && digits)
			snprintf(out, size, "%.*s%.*s%s", (int)(hash - package), package,
				 (int)strspn(digits, "0123456789"), digits, hash + 1);
		else
			snprintf(out, size, "%s", package);
		return true;
	}
	snprintf(out, size, "%s-dbgsym", owner);
	return false;
}
