/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader of our own rather than libelf: libelf wants to map what it reads, or to hold whole
 * sections, and its maintainers advise against hostile input. What is needed is small.
 */
#include "elf_file.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

/* A binary with more notes than these is not looked through further. */
#define MAX_NOTE_SEGMENTS 16u
#define MAX_NOTE_BYTES 4096u

/* Headers of both classes have the same fields at other places: one row per field we use. */
#define FIELD(file, raw, type, field) \
	((file)->is_64 ? (uint64_t)((const Elf64_##type *)(raw))->field \
		       : (uint64_t)((const Elf32_##type *)(raw))->field)

union any_header {
	Elf64_Ehdr ehdr64;
	Elf64_Phdr phdr64;
	Elf64_Shdr shdr64;
	Elf32_Ehdr ehdr32;
	Elf32_Phdr phdr32;
	Elf32_Shdr shdr32;
};

static size_t header_size(const struct elf_file *f)
{
	return f->is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
}

static size_t segment_size(const struct elf_file *f)
{
	return f->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

static size_t section_size(const struct elf_file *f)
{
	return f->is_64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
}

/*
 * More than 65,279 sections are counted in the first section header, which then also says where
 * their names are. Damage reads as none.
 */
static void sections_count(struct elf_file *f, const union any_header *h)
{
	union any_header first;
	uint64_t n = FIELD(f, h, Ehdr, e_shnum), names = FIELD(f, h, Ehdr, e_shstrndx);

	f->section_offset = FIELD(f, h, Ehdr, e_shoff);
	if (f->section_offset == 0 || FIELD(f, h, Ehdr, e_shentsize) != section_size(f))
		return;
	if ((n == 0 || names == SHN_XINDEX) &&
	    reader_get(&f->reader, f->section_offset, &first, section_size(f)) == 0) {
		n = n ? n : FIELD(f, &first, Shdr, sh_size);
		names = names == SHN_XINDEX ? FIELD(f, &first, Shdr, sh_link) : names;
	}
	f->names_section = (uint32_t)names;
	f->n_sections = n > ELF_MAX_SECTIONS ? ELF_MAX_SECTIONS : (uint32_t)n;
}

int elf_open(struct elf_file *ret, const struct reader *r)
{
	struct elf_file f = { .reader = *r };
	union any_header h;
	uint8_t ident[EI_NIDENT];
	int k;

	k = reader_get(r, 0, ident, sizeof(ident));
	if (k < 0)
		return k == -ERANGE ? -ENOEXEC : k;
	if (memcmp(ident, ELFMAG, SELFMAG) != 0 || ident[EI_DATA] != ELFDATA2LSB ||
	    (ident[EI_CLASS] != ELFCLASS64 && ident[EI_CLASS] != ELFCLASS32))
		return -ENOEXEC;
	f.is_64 = ident[EI_CLASS] == ELFCLASS64;
	k = reader_get(r, 0, &h, header_size(&f));
	if (k < 0)
		return k;

	f.machine = (uint16_t)FIELD(&f, &h, Ehdr, e_machine);
	f.type = (uint16_t)FIELD(&f, &h, Ehdr, e_type);
	if (FIELD(&f, &h, Ehdr, e_phentsize) == segment_size(&f)) {
		f.segment_offset = FIELD(&f, &h, Ehdr, e_phoff);
		f.n_segments = (uint32_t)FIELD(&f, &h, Ehdr, e_phnum);
	}
	sections_count(&f, &h);
	*ret = f;
	return 0;
}

static int segment_get(const struct elf_file *f, uint32_t index, union any_header *ret)
{
	uint64_t offset;

	if (__builtin_add_overflow(f->segment_offset, (uint64_t)index * segment_size(f), &offset))
		return -ERANGE;
	return reader_get(&f->reader, offset, ret, segment_size(f));
}

int elf_loads(const struct elf_file *f, struct hearth_elf_load *ret, uint32_t *ret_n)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n_segments && n < ELF_MAX_LOADS; i++) {
		union any_header h;
		int k = segment_get(f, i, &h);

		if (k < 0)
			return k;
		if (FIELD(f, &h, Phdr, p_type) != PT_LOAD)
			continue;
		ret[n++] = (struct hearth_elf_load){
			.offset = FIELD(f, &h, Phdr, p_offset),
			.file_size = FIELD(f, &h, Phdr, p_filesz),
			.vaddr = FIELD(f, &h, Phdr, p_vaddr),
			.mem_size = FIELD(f, &h, Phdr, p_memsz),
			.flags = (uint32_t)FIELD(f, &h, Phdr, p_flags),
		};
	}

	*ret_n = n;
	return 0;
}

static size_t aligned(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* Notes are a header of three words, name and content, each padded to four bytes. */
static int notes_find_build_id(const uint8_t *notes, size_t len, uint8_t *ret, uint32_t *ret_len)
{
	Elf64_Nhdr h;

	while (len >= sizeof(h)) {
		size_t name, content;

		memcpy(&h, notes, sizeof(h));
		notes += sizeof(h);
		len -= sizeof(h);
		if (h.n_namesz > len || h.n_descsz > len)
			return -ERANGE;
		name = aligned(h.n_namesz);
		content = aligned(h.n_descsz);
		if (name > len || h.n_descsz > len - name)
			return -ERANGE;
		if (h.n_type == NT_GNU_BUILD_ID && h.n_namesz == sizeof(ELF_NOTE_GNU) &&
		    memcmp(notes, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0 && h.n_descsz > 0 &&
		    h.n_descsz <= ELF_MAX_BUILD_ID) {
			memcpy(ret, notes + name, h.n_descsz);
			*ret_len = h.n_descsz;
			return 0;
		}
		if (content > len - name)
			return -ENODATA;
		notes += name + content;
		len -= name + content;
	}
	return -ENODATA;
}

static int notes_read(const struct elf_file *f, uint64_t offset, uint64_t size, uint8_t *ret,
		      uint32_t *ret_len)
{
	uint8_t notes[MAX_NOTE_BYTES];
	size_t len;
	int k;

	k = reader_get_some(&f->reader, offset, notes,
			    size < sizeof(notes) ? (size_t)size : sizeof(notes), &len);
	return k < 0 ? k : notes_find_build_id(notes, len, ret, ret_len);
}

static int segments_find_build_id(const struct elf_file *f, uint8_t *ret, uint32_t *ret_len)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->n_segments && n < MAX_NOTE_SEGMENTS; i++) {
		union any_header h;

		if (segment_get(f, i, &h) < 0)
			return -ERANGE;
		if (FIELD(f, &h, Phdr, p_type) != PT_NOTE)
			continue;
		n++;
		if (notes_read(f, FIELD(f, &h, Phdr, p_offset), FIELD(f, &h, Phdr, p_filesz), ret,
			       ret_len) == 0)
			return 0;
	}
	return -ENODATA;
}

int elf_build_id(const struct elf_file *f, uint8_t ret[static ELF_MAX_BUILD_ID], uint32_t *ret_len)
{
	uint32_t n = 0;

	if (segments_find_build_id(f, ret, ret_len) == 0)
		return 0;
	for (uint32_t i = 0; i < f->n_sections && n < MAX_NOTE_SEGMENTS; i++) {
		struct elf_section s;

		if (elf_section(f, i, &s) < 0)
			break;
		if (s.type != SHT_NOTE)
			continue;
		n++;
		if (notes_read(f, s.offset, s.size, ret, ret_len) == 0)
			return 0;
	}
	return -ENODATA;
}

int elf_section(const struct elf_file *f, uint32_t index, struct elf_section *ret)
{
	union any_header h;
	uint64_t offset;
	int k;

	if (index >= f->n_sections ||
	    __builtin_add_overflow(f->section_offset, (uint64_t)index * section_size(f), &offset))
		return -ERANGE;
	k = reader_get(&f->reader, offset, &h, section_size(f));
	if (k < 0)
		return k;
	*ret = (struct elf_section){
		.address = FIELD(f, &h, Shdr, sh_addr),
		.offset = FIELD(f, &h, Shdr, sh_offset),
		.size = FIELD(f, &h, Shdr, sh_size),
		.flags = FIELD(f, &h, Shdr, sh_flags),
		.entry_size = FIELD(f, &h, Shdr, sh_entsize),
		.type = (uint32_t)FIELD(f, &h, Shdr, sh_type),
		.link = (uint32_t)FIELD(f, &h, Shdr, sh_link),
		.name = (uint32_t)FIELD(f, &h, Shdr, sh_name),
	};
	return 0;
}

static bool section_is(const struct elf_file *f, const struct elf_section *names,
		       const struct elf_section *s, const char *name)
{
	char text[32];
	size_t len = strlen(name) + 1;

	if (len > sizeof(text) || s->name >= names->size || len > names->size - s->name)
		return false;
	return reader_get(&f->reader, names->offset + s->name, text, len) == 0 &&
	       memcmp(text, name, len) == 0;
}

int elf_section_find(const struct elf_file *f, const char *name, struct elf_section *ret)
{
	struct elf_section names, s;

	if (f->names_section == SHN_UNDEF || elf_section(f, f->names_section, &names) < 0 ||
	    names.type != SHT_STRTAB || names.offset > f->reader.size)
		return -ENOENT;
	for (uint32_t i = 1; i < f->n_sections && elf_section(f, i, &s) == 0; i++)
		if (section_is(f, &names, &s, name)) {
			*ret = s;
			return 0;
		}
	return -ENOENT;
}

int elf_segment(const struct elf_file *f, uint32_t index, struct elf_segment *ret)
{
	union any_header h;
	int k;

	if (index >= f->n_segments)
		return -ERANGE;
	k = segment_get(f, index, &h);
	if (k < 0)
		return k;
	*ret = (struct elf_segment){
		.offset = FIELD(f, &h, Phdr, p_offset),
		.vaddr = FIELD(f, &h, Phdr, p_vaddr),
		.file_size = FIELD(f, &h, Phdr, p_filesz),
		.align = FIELD(f, &h, Phdr, p_align),
		.type = (uint32_t)FIELD(f, &h, Phdr, p_type),
	};
	return 0;
}

int elf_offset(const struct elf_file *f, uint64_t vaddr, uint64_t *ret)
{
	struct elf_segment s;

	for (uint32_t i = 0; i < f->n_segments && elf_segment(f, i, &s) == 0; i++)
		if (s.type == PT_LOAD && vaddr >= s.vaddr && vaddr - s.vaddr < s.file_size)
			return __builtin_add_overflow(s.offset, vaddr - s.vaddr, ret) ? -ERANGE : 0;
	return -ERANGE;
}

uint32_t elf_flags(const struct elf_file *f)
{
	uint32_t flags = 0;

	for (uint32_t i = 0; i < f->n_sections; i++) {
		struct elf_section s;

		if (elf_section(f, i, &s) < 0)
			break;
		if (s.type == SHT_SYMTAB)
			flags |= HEARTH_ELF_SYMTAB;
		if (s.type == SHT_DYNSYM)
			flags |= HEARTH_ELF_DYNSYM;
	}
	return flags;
}

size_t elf_symbol_size(const struct elf_file *f)
{
	return f->is_64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
}

/* Type and binding share a byte that both classes cut alike. */
void elf_symbol_decode(const struct elf_file *f, const uint8_t *raw, struct elf_symbol *ret)
{
	union {
		Elf64_Sym sym64;
		Elf32_Sym sym32;
	} s;
	uint8_t info;

	memcpy(&s, raw, elf_symbol_size(f));
	info = (uint8_t)FIELD(f, &s, Sym, st_info);
	*ret = (struct elf_symbol){
		.value = FIELD(f, &s, Sym, st_value),
		.size = FIELD(f, &s, Sym, st_size),
		.name = (uint32_t)FIELD(f, &s, Sym, st_name),
		.section = (uint16_t)FIELD(f, &s, Sym, st_shndx),
		.type = ELF64_ST_TYPE(info),
		.binding = ELF64_ST_BIND(info),
	};
}
