/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "debug_file.h"
#include "test_doctor.h"

#define ID "\xab\xcd\xef"
#define BY_ID "/usr/lib/debug/.build-id/ab/cdef.debug"

static const char id_note[] = "\4\0\0\0\3\0\0\0\3\0\0\0GNU\0" ID;
static const char other_note[] = "\4\0\0\0\3\0\0\0\3\0\0\0GNU\0xyz";

struct image {
	uint8_t data[1024];
	size_t len;
};

/* A debug file with symbols; with a build id, unless that is NULL. */
static void debug_make(struct image *ret, const char *note)
{
	const struct made_section sections[] = {
		{ ".symtab", SHT_SYMTAB, 0, "symbols", 7 },
		{ ".debug_info", SHT_PROGBITS, 0, "info", 4 },
		{ ".note.gnu.build-id", SHT_NOTE, 0, note, note ? sizeof(id_note) - 1 : 0 },
	};

	ret->len = made_file(ret->data, sizeof(ret->data), EM_X86_64, sections, 3);
}

/* The stripped file: a note and a debug link, each unless NULL; the checksum is over `linked`. */
static struct elf_file program_make(struct image *ret, const char *note, const char *link,
				    uint32_t crc)
{
	char section[64] = "";
	size_t len = link ? (strlen(link) + 4) & ~(size_t)3 : 0;
	const struct made_section sections[] = {
		{ ".note.gnu.build-id", SHT_NOTE, 0, note, note ? sizeof(id_note) - 1 : 0 },
		{ ".gnu_debuglink", SHT_PROGBITS, 0, section, len ? len + 4 : 0 },
	};

	if (link) {
		memcpy(section, link, strlen(link));
		memcpy(section + len, &crc, sizeof(crc));
	}
	ret->len = made_file(ret->data, sizeof(ret->data), EM_X86_64, sections, 2);
	return opened(ret->data, ret->len);
}

/* Bit by bit, as the polynomial says. */
static uint32_t slow_checksum(const struct image *i)
{
	uint32_t crc = UINT32_MAX;

	for (size_t n = 0; n < i->len; n++) {
		crc ^= i->data[n];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

static void a_file_is_taken_where_gdb_looks_for_it_and_only_of_the_same_build(void **state)
{
	static const struct {
		const char *note, *link, *debug_note, *place;
		bool is_checksum_wrong;
		enum debug_file_state state;
		bool is_by_link;
	} rows[] = {
		{ id_note, NULL, id_note, BY_ID, false, DEBUG_FILE_FOUND, false },
		{ id_note, NULL, other_note, BY_ID, false, DEBUG_FILE_OTHER, false },
		{ id_note, NULL, NULL, BY_ID, false, DEBUG_FILE_OTHER, false },
		{ id_note, "x.debug", id_note, "/opt/x.debug", true, DEBUG_FILE_FOUND, true },
		{ NULL, "x.debug", NULL, "/opt/x.debug", false, DEBUG_FILE_FOUND, true },
		{ NULL, "x.debug", id_note, "/opt/.debug/x.debug", false, DEBUG_FILE_FOUND, true },
		{ NULL, "x.debug", NULL, "/usr/lib/debug/opt/x.debug", false, DEBUG_FILE_FOUND, true },
		{ NULL, "x.debug", NULL, "/opt/x.debug", true, DEBUG_FILE_OTHER, false },
		{ id_note, "x.debug", other_note, "/opt/x.debug", false, DEBUG_FILE_OTHER, false },
		{ NULL, "x.debug", NULL, "/elsewhere/x.debug", false, DEBUG_FILE_NONE, false },
		{ NULL, "../x.debug", NULL, "/x.debug", false, DEBUG_FILE_NONE, false },
		{ NULL, "program", NULL, "/opt/program", false, DEBUG_FILE_NONE, false },
		{ NULL, NULL, NULL, "/opt/x.debug", false, DEBUG_FILE_NONE, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct image debug = {}, program = {};
		struct debug_file found;
		struct elf_file f;

		debug_make(&debug, rows[i].debug_note);
		f = program_make(&program, rows[i].note, rows[i].link,
				 slow_checksum(&debug) ^ rows[i].is_checksum_wrong);
		const struct world_file file = { rows[i].place, debug.data, debug.len };
		struct world w = { &file, 1 };
		const struct file_source source = { world_open, &w };

		debug_file_find(&f, "/opt/program", &source, &found);
		if (found.state != rows[i].state)
			fail_msg("row %zu: state %u", i, found.state);
		assert_int_equal(found.is_by_link, rows[i].is_by_link);
		assert_string_equal(found.path, found.state == DEBUG_FILE_NONE ? "" : rows[i].place);
		assert_int_equal(found.has_symbols, found.state == DEBUG_FILE_FOUND);
		assert_int_equal(found.has_info, found.state == DEBUG_FILE_FOUND);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_taken_where_gdb_looks_for_it_and_only_of_the_same_build),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
