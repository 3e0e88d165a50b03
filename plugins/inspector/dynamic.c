/* SPDX-License-Identifier: Apache-2.0 */
/* Found by PT_DYNAMIC and not by section: what the loader reads is what counts. */
#include "dynamic.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#define MAX_ENTRIES 1024u

struct entry {
	uint64_t tag, value;
};

static int entry_get(const struct elf_file *f, const struct elf_segment *s, uint32_t index,
		     struct entry *ret)
{
	size_t size = f->is_64 ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
	uint64_t offset;
	union {
		Elf64_Dyn d64;
		Elf32_Dyn d32;
	} d;
	int r;

	if ((uint64_t)index * size >= s->file_size ||
	    __builtin_add_overflow(s->offset, (uint64_t)index * size, &offset))
		return -ERANGE;
	r = reader_get(&f->reader, offset, &d, size);
	if (r < 0)
		return r;
	ret->tag = f->is_64 ? (uint64_t)d.d64.d_tag : (uint64_t)d.d32.d_tag;
	ret->value = f->is_64 ? d.d64.d_un.d_val : d.d32.d_un.d_val;
	return ret->tag == DT_NULL ? -ENODATA : 0;
}

static int find_segment(const struct elf_file *f, struct elf_segment *ret)
{
	for (uint32_t i = 0; i < f->n_segments && elf_segment(f, i, ret) == 0; i++)
		if (ret->type == PT_DYNAMIC)
			return 0;
	return -ENODATA;
}

/* A string that does not end within `size` reads as "". */
static void string_get(const struct elf_file *f, uint64_t strings, uint64_t at, char *ret,
		       size_t size)
{
	uint64_t offset;
	size_t len = 0;

	if (__builtin_add_overflow(strings, at, &offset) ||
	    reader_get_some(&f->reader, offset, ret, size, &len) < 0 || !memchr(ret, 0, len))
		ret[0] = '\0';
}

static void entry_read(const struct elf_file *f, uint64_t strings, const struct entry *e,
		       struct dynamic *d)
{
	switch (e->tag) {
	case DT_NEEDED:
		if (d->n_needed == DYNAMIC_MAX_NEEDED)
			return;
		string_get(f, strings, e->value, d->needed[d->n_needed], DYNAMIC_MAX_NAME);
		d->n_needed += d->needed[d->n_needed][0] != '\0';
		return;
	case DT_RPATH:
		if (!d->run_path[0])
			string_get(f, strings, e->value, d->run_path, sizeof(d->run_path));
		return;
	case DT_RUNPATH:
		string_get(f, strings, e->value, d->run_path, sizeof(d->run_path));
		return;
	case DT_SONAME:
		string_get(f, strings, e->value, d->soname, sizeof(d->soname));
		return;
	case DT_FLAGS_1:
		d->is_pie = e->value & DF_1_PIE;
		return;
	}
}

int dynamic_read(const struct elf_file *f, struct dynamic *ret)
{
	uint64_t strings = UINT64_MAX;
	struct elf_segment s;
	struct entry e;
	int r;

	r = find_segment(f, &s);
	if (r < 0)
		return r;
	memset(ret, 0, sizeof(*ret));
	for (uint32_t i = 0; i < MAX_ENTRIES && entry_get(f, &s, i, &e) == 0; i++)
		if (e.tag == DT_STRTAB && elf_offset(f, e.value, &strings) < 0)
			strings = UINT64_MAX;
	for (uint32_t i = 0; i < MAX_ENTRIES && entry_get(f, &s, i, &e) == 0; i++)
		entry_read(f, strings, &e, ret);
	return 0;
}
