/* SPDX-License-Identifier: Apache-2.0 */
/* Reads /proc/kallsyms, /proc/modules and the build id in /sys/kernel/notes. */
#include "kernel_map.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

static FILE *open_text(const char *root, const char *path)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	return fopen(whole, "re");
}

static void close_text(FILE **f)
{
	if (*f)
		fclose(*f);
}

/* Zeros where addresses are hidden, which is what a reader has to be told then. */
static void read_text_range(struct kernel_map *k, const char *root)
{
	_cleanup_(close_text) FILE *f = open_text(root, "/proc/kallsyms");
	char line[512], name[256];
	uint64_t address, end = 0;

	while (f && !end && fgets(line, sizeof(line), f)) {
		/* A hundred thousand lines: only those that may be it are taken apart. */
		if (!strstr(line, "text\n") || sscanf(line, "%" SCNx64 " %*c %255s", &address, name) != 2)
			continue;
		if (strcmp(name, "_text") == 0)
			k->start = address;
		else if (strcmp(name, "_etext") == 0)
			end = address;
	}
	k->len = end > k->start ? end - k->start : 0;
}

static int read_modules(struct kernel_map *k, const char *root)
{
	_cleanup_(close_text) FILE *f = open_text(root, "/proc/modules");
	char line[512], name[56];
	size_t capacity = 0;
	uint64_t len, start;

	while (f && fgets(line, sizeof(line), f)) {
		/* name size uses users state address */
		if (sscanf(line, "%55s %" SCNu64 " %*s %*s %*s %" SCNx64, name, &len, &start) != 3 || !start)
			continue;
		if (k->n_modules == capacity) {
			struct kernel_module *p;

			capacity = capacity ? capacity * 2 : 64;
			p = realloc(k->modules, capacity * sizeof(*p));
			if (!p)
				return -ENOMEM;
			k->modules = p;
		}
		k->modules[k->n_modules] = (struct kernel_module){ .start = start, .len = len };
		snprintf(k->modules[k->n_modules++].name, sizeof(k->modules->name), "[%s]", name);
	}
	return 0;
}

static size_t align_note(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* /sys/kernel/notes is the kernel's PT_NOTE: GNU notes among others. */
static void read_build_id(struct kernel_map *k, const char *root)
{
	char path[512];
	uint8_t notes[4096];
	_cleanup_close_ int fd = -1;
	ssize_t n;
	size_t at = 0;

	snprintf(path, sizeof(path), "%s/sys/kernel/notes", root);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, notes, sizeof(notes));
	while (n > 0 && at + sizeof(Elf64_Nhdr) <= (size_t)n) {
		Elf64_Nhdr h;
		size_t name_at = at + sizeof(h), data_at;

		memcpy(&h, notes + at, sizeof(h));
		data_at = name_at + align_note(h.n_namesz);
		at = data_at + align_note(h.n_descsz);
		if (h.n_namesz > sizeof(notes) || h.n_descsz > sizeof(notes) || at > (size_t)n)
			return;
		if (h.n_type != NT_GNU_BUILD_ID || h.n_namesz != 4 || memcmp(notes + name_at, "GNU", 4) != 0 ||
		    h.n_descsz > sizeof(k->build_id))
			continue;
		memcpy(k->build_id, notes + data_at, h.n_descsz);
		k->build_id_len = h.n_descsz;
		return;
	}
}

int kernel_map_read(struct kernel_map *ret, const char *root)
{
	struct kernel_map k = {};
	int r;

	read_text_range(&k, root);
	read_build_id(&k, root);
	r = read_modules(&k, root);
	if (r < 0) {
		kernel_map_done(&k);
		return r;
	}
	*ret = k;
	return 0;
}

void kernel_map_done(struct kernel_map *k)
{
	free(k->modules);
	memset(k, 0, sizeof(*k));
}
