/* SPDX-License-Identifier: Apache-2.0 */
#include "test_support.h"

#include "frame_rules.h"
#include "prologues.h"
#include "test_doctor.h"

#define TEXT 0x1000u
#define TABLE 0x2000u

struct rules {
	uint8_t bytes[16];
	size_t len;
};

/* def_cfa sp+8, ra at cfa-8: what every function on x86-64 begins with. */
static const uint8_t x86_begin[] = { 0x0c, 7, 8, 0x90, 1 };
static const uint8_t arm_begin[] = { 0x0c, 31, 0 };

static size_t put(uint8_t *to, size_t at, const void *data, size_t len)
{
	memcpy(to + at, data, len);
	return at + len;
}

static size_t put_word(uint8_t *to, size_t at, uint32_t word)
{
	return put(to, at, &word, sizeof(word));
}

/* .eh_frame with one common entry ("zR", pc-relative) and one function of 16 bytes at `start`. */
static size_t table_make(uint8_t *to, const uint8_t *begin, size_t begin_len,
			 const struct rules *rules, uint32_t start)
{
	static const uint8_t head[] = { 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x1b };
	size_t at = put_word(to, 0, (uint32_t)(4 + sizeof(head) + begin_len)), function;

	at = put_word(to, at, 0);
	at = put(to, at, head, sizeof(head));
	at = put(to, at, begin, begin_len);
	function = at;
	at = put_word(to, at, (uint32_t)(4 + 8 + 1 + rules->len));
	at = put_word(to, at, (uint32_t)(function + 4));
	at = put_word(to, at, start - (TABLE + (uint32_t)at));
	at = put_word(to, at, 16);
	to[at++] = 0;
	at = put(to, at, rules->bytes, rules->len);
	return put_word(to, at, 0);
}

static int count(uint16_t machine, const void *table, size_t len, struct frame_count *ret)
{
	static const uint8_t text[64];
	const struct made_section sections[] = {
		{ ".text", SHT_PROGBITS, TEXT, text, sizeof(text) },
		{ ".eh_frame", SHT_PROGBITS, TABLE, table, len },
	};
	uint8_t file[2048];
	struct elf_file f;

	f = opened(file, made_file(file, sizeof(file), machine, sections, 2));
	return frame_rules_count(&f, ret);
}

static void frames_are_told_by_what_the_frame_address_hangs_on(void **state)
{
	static const struct {
		const char *what;
		uint16_t machine;
		struct rules rules;
		uint32_t start, n, n_with_pointer;
	} rows[] = {
		{ "push rbp; mov rbp,rsp", EM_X86_64,
		  { { 0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6 }, 8 }, TEXT, 1, 1 },
		{ "cold part: the frame is there already", EM_X86_64,
		  { { 0x0c, 6, 16, 0x86, 2 }, 5 }, TEXT, 1, 1 },
		{ "sub rsp; rbp saved like any other", EM_X86_64,
		  { { 0x41, 0x0e, 16, 0x86, 2, 0x44, 0x0e, 64 }, 8 }, TEXT, 1, 0 },
		{ "another base", EM_X86_64, { { 0x41, 0x0d, 10 }, 3 }, TEXT, 1, 0 },
		{ "no frame", EM_X86_64, { { 0, 0, 0 }, 3 }, TEXT, 0, 0 },
		{ "_start has no caller", EM_X86_64, { { 0x07, 16, 0x0e, 16 }, 4 }, TEXT, 0, 0 },
		{ "PLT", EM_X86_64, { { 0x0e, 16, 0x0f, 2, 0x77, 8 }, 6 }, TEXT, 0, 0 },
		{ "outside of .text", EM_X86_64,
		  { { 0x41, 0x0e, 16, 0x43, 0x0d, 6 }, 6 }, TEXT + 64, 0, 0 },
		{ "unknown rule ends the reading", EM_X86_64,
		  { { 0x0e, 16, 0x3f, 0x0d, 6 }, 5 }, TEXT, 1, 0 },
		{ "stp x29, x30", EM_AARCH64, { { 0x41, 0x0e, 16, 0x9d, 2, 0x9e, 1 }, 7 }, TEXT, 1, 1 },
		{ "str x30", EM_AARCH64, { { 0x41, 0x0e, 16, 0x9e, 1 }, 5 }, TEXT, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool is_arm = rows[i].machine == EM_AARCH64;
		struct frame_count got = { 99, 99 };
		uint8_t table[256];
		size_t len = table_make(table, is_arm ? arm_begin : x86_begin,
					is_arm ? sizeof(arm_begin) : sizeof(x86_begin),
					&rows[i].rules, rows[i].start);

		assert_int_equal(count(rows[i].machine, table, len, &got), 0);
		if (got.n != rows[i].n || got.n_with_pointer != rows[i].n_with_pointer)
			fail_msg("%s: %u of %u", rows[i].what, got.n_with_pointer, got.n);
	}
}

static void what_cannot_be_read_is_said_so(void **state)
{
	static const uint8_t beyond[] = { 0xf0, 0xff, 0xff, 0x7f, 0, 0, 0, 0 };
	static const uint8_t of_itself[] = { 4, 0, 0, 0, 4, 0, 0, 0 }; /* its own common entry */
	struct frame_count got;

	(void)state;
	assert_int_equal(count(EM_X86_64, "", 0, &got), -ENODATA);
	assert_int_equal(count(EM_RISCV, beyond, sizeof(beyond), &got), -ENOTSUP);
	assert_int_equal(count(EM_X86_64, beyond, sizeof(beyond), &got), 0);
	assert_int_equal(got.n, 0);
	assert_int_equal(count(EM_X86_64, of_itself, sizeof(of_itself), &got), -ERANGE);
	assert_int_equal(got.n, 0);
}

/* The build keeps frame pointers, and says so to both. */
static void rules_and_prologues_agree_about_the_test_itself(void **state)
{
	struct frame_count rules, prologues;
	_cleanup_close_ int fd = -1;
	struct elf_file f = elf_of_path(own_path(), &fd);

	(void)state;
	assert_int_equal(frame_rules_count(&f, &rules), 0);
	assert_true(rules.n > 20);
	assert_true(rules.n_with_pointer * 100 >= rules.n * 90);
	assert_int_equal(prologues_count(&f, &prologues), 0);
	assert_true(prologues.n > 20);
	assert_true(prologues.n_with_pointer * 100 >= prologues.n * 90);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_told_by_what_the_frame_address_hangs_on),
		cmocka_unit_test(what_cannot_be_read_is_said_so),
		cmocka_unit_test(rules_and_prologues_agree_about_the_test_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
