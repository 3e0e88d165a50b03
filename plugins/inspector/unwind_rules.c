/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sections are found by name. A file without names still says where its .eh_frame_hdr is
 * (PT_GNU_EH_FRAME, which the C++ runtime depends on), and that where .eh_frame begins; format:
 * Linux Standard Base Core 5.0, 10.6.2.
 */
#include "unwind_rules.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_HDR, PIECE_EH, PIECE_DEBUG, N_PIECES };

/* A range of bytes of a file, and the ELF address that it has. */
struct piece {
	const struct reader *reader; /* NULL: the file has none */
	uint64_t address, offset;
	size_t size;
};

static const char section_names[] = "\0.eh_frame_hdr\0.eh_frame\0.debug_frame\0.shstrtab";
static const uint32_t name_offsets[N_PIECES] = { 1, 15, 25 };
#define NAME_OF_NAMES 38u

/* What libdw is shown: headers, then the pieces, each on an 8-byte border. */
struct image_head {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr;
	Elf64_Shdr shdr[N_PIECES + 2];
	char names[sizeof(section_names)];
};

static size_t aligned(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

static int piece_find(const struct elf_file *f, const char *name, struct piece *ret)
{
	struct elf_section s;

	if (elf_section_find(f, name, &s) < 0 || s.type == SHT_NOBITS || s.size == 0 ||
	    s.flags & SHF_COMPRESSED)
		return -ENODATA;
	if (s.size > ELF_MAX_SECTION_BYTES || s.offset > f->reader.size ||
	    s.size > f->reader.size - s.offset)
		return -ERANGE;
	*ret = (struct piece){ &f->reader, s.address, s.offset, (size_t)s.size };
	return 0;
}

/* The rest of the segment that address lies in: .eh_frame ends itself, by an empty entry. */
static int piece_to_segment_end(const struct elf_file *f, const struct hearth_elf_load *loads,
				uint32_t n, uint64_t address, struct piece *ret)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct hearth_elf_load *l = &loads[i];
		uint64_t offset, size;

		if (address < l->vaddr || address - l->vaddr >= l->file_size)
			continue;
		size = l->file_size - (address - l->vaddr);
		if (__builtin_add_overflow(l->offset, address - l->vaddr, &offset) ||
		    offset > f->reader.size || size > f->reader.size - offset)
			return -ERANGE;
		if (size > ELF_MAX_SECTION_BYTES)
			size = ELF_MAX_SECTION_BYTES;
		*ret = (struct piece){ &f->reader, address, offset, (size_t)size };
		return 0;
	}
	return -ERANGE;
}

/* All linkers write the pointer as four bytes relative to its own place; others are not read. */
static int pieces_find_by_segment(const struct elf_file *f, const struct hearth_elf_load *loads,
				  uint32_t n, struct piece *pieces)
{
	const uint8_t version = 1, relative_to_itself = 0x1b; /* DW_EH_PE_pcrel | DW_EH_PE_sdata4 */
	struct elf_segment s;
	uint8_t head[8];
	int32_t distance;

	for (uint32_t i = 0; i < f->n_segments && elf_segment(f, i, &s) == 0; i++) {
		if (s.type != PT_GNU_EH_FRAME)
			continue;
		if (s.file_size > ELF_MAX_SECTION_BYTES ||
		    reader_get(&f->reader, s.offset, head, sizeof(head)) < 0)
			return -ERANGE;
		if (head[0] != version || head[1] != relative_to_itself)
			return -ENODATA;
		memcpy(&distance, head + 4, sizeof(distance));
		pieces[PIECE_HDR] = (struct piece){ &f->reader, s.vaddr, s.offset,
						    (size_t)s.file_size };
		return piece_to_segment_end(f, loads, n, s.vaddr + 4 + (uint64_t)(int64_t)distance,
					    &pieces[PIECE_EH]);
	}
	return -ENODATA;
}

static int pieces_find(const struct elf_file *f, const struct elf_file *debug,
		       const struct unwind_rules *r, struct piece *pieces)
{
	int k;

	k = piece_find(f, ".eh_frame", &pieces[PIECE_EH]);
	if (k == 0)
		(void)piece_find(f, ".eh_frame_hdr", &pieces[PIECE_HDR]);
	else
		(void)pieces_find_by_segment(f, r->loads, r->n_loads, pieces);
	k = piece_find(f, ".debug_frame", &pieces[PIECE_DEBUG]);
	if (k < 0 && debug)
		(void)piece_find(debug, ".debug_frame", &pieces[PIECE_DEBUG]);
	if (!pieces[PIECE_EH].reader)
		pieces[PIECE_HDR].reader = NULL;
	return pieces[PIECE_EH].reader || pieces[PIECE_DEBUG].reader ? 0 : -ENODATA;
}

static struct image_head head_of(const struct unwind_rules *r)
{
	struct image_head head = {
		.ehdr = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				     EV_CURRENT },
			.e_type = ET_DYN,
			.e_machine = r->machine,
			.e_version = EV_CURRENT,
			.e_phoff = offsetof(struct image_head, phdr),
			.e_shoff = offsetof(struct image_head, shdr),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 1,
			.e_shentsize = sizeof(Elf64_Shdr),
			.e_shnum = N_PIECES + 2,
			.e_shstrndx = N_PIECES + 1,
		},
		.phdr = {
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_X,
			.p_vaddr = r->low,
			.p_memsz = r->high - r->low,
			.p_align = 1,
		},
	};

	memcpy(head.names, section_names, sizeof(section_names));
	head.shdr[N_PIECES + 1] = (Elf64_Shdr){
		.sh_name = NAME_OF_NAMES,
		.sh_type = SHT_STRTAB,
		.sh_offset = offsetof(struct image_head, names),
		.sh_size = sizeof(section_names),
	};
	return head;
}

static int image_make(struct unwind_rules *r, const struct piece *pieces)
{
	struct image_head head = head_of(r);
	size_t at = aligned(sizeof(head));
	int k;

	r->bytes = at;
	for (size_t i = 0; i < N_PIECES; i++)
		r->bytes += pieces[i].reader ? aligned(pieces[i].size) : 0;
	r->image = calloc(1, r->bytes);
	if (!r->image)
		return -ENOMEM;
	for (size_t i = 0; i < N_PIECES; i++) {
		if (!pieces[i].reader)
			continue;
		head.shdr[i + 1] = (Elf64_Shdr){
			.sh_name = name_offsets[i],
			.sh_type = SHT_PROGBITS,
			.sh_flags = i == PIECE_DEBUG ? 0 : SHF_ALLOC,
			.sh_addr = pieces[i].address,
			.sh_offset = at,
			.sh_size = pieces[i].size,
			.sh_addralign = 8,
		};
		k = reader_get(pieces[i].reader, pieces[i].offset, r->image + at, pieces[i].size);
		if (k < 0)
			return k;
		at += aligned(pieces[i].size);
	}
	memcpy(r->image, &head, sizeof(head));
	r->elf = elf_memory((char *)r->image, r->bytes);
	return r->elf ? 0 : -ENOMEM;
}

static int span_find(struct unwind_rules *r)
{
	r->low = UINT64_MAX;
	for (uint32_t i = 0; i < r->n_loads; i++) {
		uint64_t end;

		if (__builtin_add_overflow(r->loads[i].vaddr, r->loads[i].mem_size, &end))
			return -ERANGE;
		if (r->loads[i].vaddr < r->low)
			r->low = r->loads[i].vaddr;
		if (end > r->high)
			r->high = end;
	}
	return r->low < r->high ? 0 : -ERANGE;
}

int unwind_rules_new(const struct elf_file *f, const struct elf_file *debug,
		     struct unwind_rules **ret)
{
	_cleanup_(unwind_rules_freep) struct unwind_rules *r = calloc(1, sizeof(*r));
	struct piece pieces[N_PIECES] = {};
	int k;

	if (!r)
		return -ENOMEM;
	if (!f->is_64)
		return -ENOTSUP;
	r->machine = f->machine;
	k = elf_loads(f, r->loads, &r->n_loads);
	if (k == 0)
		k = span_find(r);
	if (k == 0)
		k = pieces_find(f, debug, r, pieces);
	if (k == 0)
		k = image_make(r, pieces);
	if (k < 0)
		return k;

	*ret = TAKE_PTR(r);
	return 0;
}

struct unwind_rules *unwind_rules_free(struct unwind_rules *r)
{
	if (!r)
		return NULL;
	(void)elf_end(r->elf);
	free(r->image);
	free(r);
	return NULL;
}

/* Mapped are whole pages, so a mapping may begin before its segment and end behind it. */
int unwind_rules_bias(const struct unwind_rules *r, const struct hearth_unwind_mapping *m,
		      uint64_t *ret)
{
	uint64_t len = m->end - m->start;

	for (uint32_t i = 0; i < r->n_loads; i++) {
		const struct hearth_elf_load *l = &r->loads[i];
		bool is_hit = l->offset < m->offset ? m->offset - l->offset < l->file_size
						    : l->offset - m->offset < len;

		if (!(l->flags & PF_X) || !is_hit)
			continue;
		*ret = m->start - (l->vaddr - l->offset + m->offset);
		return 0;
	}
	return -ENOENT;
}
