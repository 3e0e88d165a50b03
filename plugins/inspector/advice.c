/* SPDX-License-Identifier: Apache-2.0 */
/* Names of archives and packages are those that Debian, Ubuntu and Fedora document. */
#include "advice.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/debug_package.h"

/* What a compiler is told; index: enum language. */
static const struct {
	const char *symbols, *info, *frames;
} flags[] = {
	[LANGUAGE_UNKNOWN] = {
		"build it again without strip and without -s",
		"build it again with -g",
		"build it again with -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer",
	},
	[LANGUAGE_C] = {
		"link it again without -s, and do not strip it",
		"compile it again with -g: gcc -g -O2 …",
		"gcc -g -O2 -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer …",
	},
	[LANGUAGE_CPP] = {
		"link it again without -s, and do not strip it",
		"compile it again with -g: g++ -g -O2 …",
		"g++ -g -O2 -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer …",
	},
	[LANGUAGE_RUST] = {
		"in Cargo.toml below [profile.release]: strip = false, debug = true",
		"in Cargo.toml below [profile.release]: debug = true; or rustc -g",
		"RUSTFLAGS=\"-C force-frame-pointers=yes\" cargo build --release",
	},
	[LANGUAGE_GO] = {
		"go build without -ldflags=\"-s -w\"",
		"go build without -ldflags=-w",
		NULL,
	},
};

/* The command that adds the archive of debug packages, said once. */
static void write_archive(struct advice *a, char *ret, size_t size)
{
	const struct distribution *d = &a->distribution;

	ret[0] = '\0';
	if (a->has_named_archive || !d->codename[0])
		return;
	a->has_named_archive = true;
	if (d->family == PACKAGE_UBUNTU)
		snprintf(ret, size,
			 "sudo apt install ubuntu-dbgsym-keyring && echo 'deb http://ddebs.ubuntu.com "
			 "%s main restricted universe multiverse' | sudo tee "
			 "/etc/apt/sources.list.d/ddebs.list && sudo apt update && ", d->codename);
	else
		snprintf(ret, size,
			 "echo 'deb http://deb.debian.org/debian-debug %s-debug main' | sudo tee "
			 "/etc/apt/sources.list.d/debug.list && sudo apt update && ", d->codename);
}

/* Commands are copied into shells: a path that means something there stands in none. */
static bool is_plain(const char *path)
{
	return strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-") ==
	       strlen(path);
}

/* NULL: the file is not from a package, as far as can be told. */
static const char *package_command(struct advice *a, const struct patient *p)
{
	char archive[512] = "", package[PACKAGE_MAX_NAME + 8];

	if (a->distribution.family == PACKAGE_RPM) {
		if (strncmp(p->path, "/usr/", 5) != 0 || strncmp(p->path, "/usr/local/", 11) == 0 ||
		    !is_plain(p->path))
			return NULL;
		snprintf(a->text, sizeof(a->text),
			 "sudo dnf debuginfo-install $(rpm -qf --qf '%%{NAME}' %s)", p->path);
		return a->text;
	}
	if (!p->owner[0])
		return NULL;
	if (!debug_package(p->owner, package, sizeof(package)))
		write_archive(a, archive, sizeof(archive));
	snprintf(a->text, sizeof(a->text), "%ssudo apt install %s", archive, package);
	return a->text;
}

const char *advice_symbols(struct advice *a, const struct patient *p)
{
	const char *command = package_command(a, p);

	return command ? command : flags[p->traits->language].symbols;
}

const char *advice_info(struct advice *a, const struct patient *p)
{
	const char *command = package_command(a, p);

	return command ? command : flags[p->traits->language].info;
}

const char *advice_frames(const struct patient *p)
{
	if (p->owner[0])
		return "a build of your own with -fno-omit-frame-pointer, or a distribution that "
		       "builds so: Ubuntu 24.04, Fedora 38 and later";
	return flags[p->traits->language].frames;
}

const char *advice_link(struct advice *a, const struct patient *p)
{
	const struct debug_file *d = &p->traits->debug;
	int folder = (int)(strrchr(p->path, '/') - p->path);

	if (!is_plain(p->path) || !is_plain(d->link))
		return "put the file of that name, from the same build, into .debug/ beside it";
	snprintf(a->text, sizeof(a->text),
		 "sudo install -D -m 644 %s %.*s/.debug/%s, from the same build", d->link, folder,
		 p->path, d->link);
	return a->text;
}
