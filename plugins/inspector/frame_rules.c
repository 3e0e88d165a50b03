/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules are read, not run: whether a register ever becomes the base of the frame is seen from
 * the instructions alone, wherever in the function they hold.
 */
#include "frame_rules.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "cursor.h"

/* Common rules are read again for each function: usual ones have a dozen bytes. */
#define MAX_COMMON_RULES 1024u

/* DW_EH_PE_*, LSB "Exception Frames". */
enum { ENCODING_FORMAT = 0x07, ENCODING_BASE = 0x70, BASE_PC = 0x10, ENCODING_OMITTED = 0xff };

/* DW_CFA_*, DWARF 5, 7.24. */
enum {
	CFA_UNDEFINED = 0x07,
	CFA_DEF_CFA = 0x0c,
	CFA_DEF_CFA_REGISTER = 0x0d,
	CFA_DEF_CFA_OFFSET = 0x0e,
	CFA_DEF_CFA_EXPRESSION = 0x0f,
	CFA_DEF_CFA_SF = 0x12,
};

/* Operands: a number of bytes, l LEB128, b a block with its length, a an encoded address. */
static const char *const operands[] = {
	[0x00] = "",   [0x01] = "a",  [0x02] = "1",  [0x03] = "2",  [0x04] = "4",  [0x05] = "ll",
	[0x06] = "l",  [0x07] = "l",  [0x08] = "l",  [0x09] = "ll", [0x0a] = "",   [0x0b] = "",
	[0x0c] = "ll", [0x0d] = "l",  [0x0e] = "l",  [0x0f] = "b",  [0x10] = "lb", [0x11] = "ll",
	[0x12] = "ll", [0x13] = "l",  [0x14] = "ll", [0x15] = "ll", [0x16] = "lb", [0x1d] = "8",
	[0x2d] = "",   [0x2e] = "l",  [0x2f] = "ll",
};

struct machine {
	uint16_t number;
	uint8_t frame_register, return_register;
	bool is_saved; /* the frame register is saved; otherwise it is the base of the CFA */
};

/* Numbers of registers in DWARF, from the ABI of each machine. */
static const struct machine machines[] = {
	{ EM_X86_64, 6, 16, false },
	{ EM_386, 5, 8, false },
	{ EM_AARCH64, 29, 30, true },
};

struct common_entry {
	uint8_t encoding; /* of addresses */
	bool has_augmentation;
	struct cursor rules;
};

struct seen {
	bool has_pointer, has_frame, has_expression, has_no_caller;
};

struct walk {
	const struct elf_file *file;
	const struct machine *machine;
	const uint8_t *data;
	size_t size;
	struct elf_section section, text; /* text.size 0: unknown */
};

static size_t address_size(const struct walk *w, uint8_t encoding)
{
	static const uint8_t sizes[] = { 0, 0, 2, 4, 8, 0, 0, 0 };
	uint8_t size = sizes[encoding & ENCODING_FORMAT];

	return size ? size : w->file->is_64 ? 8 : 4;
}

static void read_rule(const struct walk *w, uint8_t code, uint64_t first, struct seen *seen)
{
	const struct machine *m = w->machine;

	switch (code) {
	case CFA_DEF_CFA:
	case CFA_DEF_CFA_REGISTER:
	case CFA_DEF_CFA_SF:
		seen->has_frame = true;
		seen->has_pointer |= !m->is_saved && first == m->frame_register;
		break;
	case CFA_DEF_CFA_OFFSET:
		seen->has_frame = true;
		break;
	case CFA_DEF_CFA_EXPRESSION:
		seen->has_expression = true;
		break;
	case CFA_UNDEFINED:
		seen->has_no_caller |= first == m->return_register;
		break;
	}
}

static uint64_t read_operand(const struct walk *w, char kind, uint8_t encoding, struct cursor *c)
{
	uint64_t v;

	switch (kind) {
	case 'l':
		return cursor_leb128(c);
	case 'b':
		v = cursor_leb128(c);
		cursor_skip(c, v);
		return v;
	case 'a':
		return cursor_number(c, address_size(w, encoding));
	default:
		return cursor_number(c, (size_t)(kind - '0'));
	}
}

/* The two upper bits are an instruction with its operand in the six lower ones, or 0. */
static void read_rules(const struct walk *w, struct cursor c, uint8_t encoding, struct seen *seen)
{
	while (cursor_left(&c) > 0 && !c.is_bad) {
		uint8_t code = (uint8_t)cursor_number(&c, 1), upper = code >> 6;
		uint64_t first = 0;

		if (upper == 2) { /* DW_CFA_offset: a register is saved */
			seen->has_pointer |= w->machine->is_saved &&
					     (code & 0x3f) == w->machine->frame_register;
			(void)cursor_leb128(&c);
		}
		if (upper != 0)
			continue;
		if (code >= ARRAY_SIZE(operands) || !operands[code])
			return;
		for (const char *kind = operands[code]; *kind; kind++) {
			uint64_t v = read_operand(w, *kind, encoding, &c);

			if (kind == operands[code])
				first = v;
		}
		read_rule(w, code, first, seen);
	}
}

/* One entry from its length on; false at the end of the table. *ret_id: where its id stands. */
static bool next_entry(const struct walk *w, struct cursor *c, struct cursor *ret, size_t *ret_id)
{
	uint64_t len = cursor_number(c, 4);

	if (len == UINT32_MAX)
		len = cursor_number(c, 8);
	if (len == 0 || c->is_bad || len > cursor_left(c))
		return false;
	*ret_id = (size_t)(c->at - w->data);
	*ret = cursor_part(c, len);
	return true;
}

/* Letters of the augmentation that bring data; R says how addresses are written. */
static void read_augmentation(const struct walk *w, const char *letters, struct cursor *c,
			      struct common_entry *e)
{
	struct cursor data;

	if (letters[0] != 'z')
		return;
	e->has_augmentation = true;
	data = cursor_part(c, cursor_leb128(c));
	for (letters++; *letters; letters++) {
		uint8_t encoding = strchr("LPR", *letters) ? (uint8_t)cursor_number(&data, 1) : 0;

		if (*letters == 'R')
			e->encoding = encoding;
		if (*letters == 'P')
			cursor_skip(&data, address_size(w, encoding));
	}
}

/* c is behind the id. */
static void read_common(const struct walk *w, struct cursor c, struct common_entry *ret)
{
	uint8_t version = (uint8_t)cursor_number(&c, 1);
	const char *letters = cursor_string(&c);

	*ret = (struct common_entry){ .encoding = 0 };
	(void)cursor_leb128(&c); /* code alignment */
	(void)cursor_leb128(&c); /* data alignment */
	if (version == 1)
		(void)cursor_number(&c, 1);
	else
		(void)cursor_leb128(&c);
	read_augmentation(w, letters, &c, ret);
	ret->rules = c;
}

/* `back` is the distance from the id's own place to the common entry. */
static bool find_common(const struct walk *w, size_t id_at, uint64_t back, struct common_entry *ret)
{
	struct cursor c = { .end = w->data + w->size }, entry;
	size_t common_id;

	if (back > id_at)
		return false;
	c.at = w->data + (id_at - back);
	if (!next_entry(w, &c, &entry, &common_id) || cursor_number(&entry, 4) != 0)
		return false;
	read_common(w, entry, ret);
	return !ret->rules.is_bad && cursor_left(&ret->rules) <= MAX_COMMON_RULES &&
	       ret->encoding != ENCODING_OMITTED;
}

static bool is_in_text(const struct walk *w, uint64_t address)
{
	return w->text.size == 0 || address - w->text.address < w->text.size;
}

static uint64_t read_start(const struct walk *w, struct cursor *c, uint8_t encoding)
{
	uint64_t place = w->section.address + (uint64_t)(c->at - w->data);
	size_t size = address_size(w, encoding);
	uint64_t v = cursor_number(c, size);

	if (size < 8 && v >> (8 * size - 1))
		v |= UINT64_MAX << (8 * size);
	return (encoding & ENCODING_BASE) == BASE_PC ? place + v : v;
}

static void count_function(const struct walk *w, struct cursor c, size_t id_at,
			   struct frame_count *count)
{
	uint64_t back = cursor_number(&c, 4), start;
	struct common_entry common;
	struct seen seen = {};

	if (back == 0 || !find_common(w, id_at, back, &common))
		return;
	start = read_start(w, &c, common.encoding);
	cursor_skip(&c, address_size(w, common.encoding)); /* its length */
	if (common.has_augmentation)
		cursor_skip(&c, cursor_leb128(&c));
	read_rules(w, common.rules, common.encoding, &seen);
	seen.has_frame = false; /* what every function begins with is none of its own */
	read_rules(w, c, common.encoding, &seen);
	if (c.is_bad || !seen.has_frame || seen.has_expression || seen.has_no_caller ||
	    !is_in_text(w, start))
		return;
	count->n++;
	count->n_with_pointer += seen.has_pointer;
}

static const struct machine *find_machine(uint16_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].number == number)
			return &machines[i];
	return NULL;
}

int frame_rules_count(const struct elf_file *f, struct frame_count *ret)
{
	struct walk w = { .file = f, .machine = find_machine(f->machine) };
	_cleanup_free_ uint8_t *data = NULL;
	struct cursor c, entry;
	size_t id_at;
	int r;

	if (!w.machine)
		return -ENOTSUP;
	r = elf_section_find(f, ".eh_frame", &w.section);
	if (r < 0 || w.section.type == SHT_NOBITS || w.section.size == 0)
		return -ENODATA;
	if (w.section.size > ELF_MAX_SECTION_BYTES || w.section.size > f->reader.size)
		return -ERANGE;
	w.size = (size_t)w.section.size;
	data = malloc(w.size);
	if (!data)
		return -ENOMEM;
	r = reader_get(&f->reader, w.section.offset, data, w.size);
	if (r < 0)
		return r;
	if (elf_section_find(f, ".text", &w.text) < 0)
		w.text.size = 0;

	w.data = data;
	*ret = (struct frame_count){ .n = 0 };
	c = (struct cursor){ .at = data, .end = data + w.size };
	while (next_entry(&w, &c, &entry, &id_at))
		count_function(&w, entry, id_at, ret);
	return c.is_bad ? -ERANGE : 0;
}
