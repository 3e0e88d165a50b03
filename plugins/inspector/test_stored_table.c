/* SPDX-License-Identifier: Apache-2.0 */
#include "test_stored.h"

#include <lzma.h>

#define NO_LIMIT (64u << 20)

static const struct wanted_symbol shop[] = {
	{ "outer", 0x100, 0x200, STB_GLOBAL, STT_FUNC },
	{ "inner", 0x180, 0x20, STB_LOCAL, STT_FUNC },
	{ "alias_of_outer", 0x100, 0x200, STB_WEAK, STT_FUNC },
	{ "total@@SHOP_1.0", 0x400, 0x40, STB_GLOBAL, STT_FUNC },
	{ "", 0x500, 0x10, STB_GLOBAL, STT_FUNC },
};

static struct stored_bytes stored_shop(void)
{
	static struct made_elf made;
	struct stored_bytes b = { .max = NO_LIMIT };
	struct elf_file f;

	elf_make(&made, shop, ARRAY_SIZE(shop));
	f = elf_of_memory(&made, sizeof(made));
	assert_int_equal(stored_of(&f, &b), 0);
	return b;
}

static struct stored_footer footer_of(const struct stored_bytes *b)
{
	struct stored_footer f;

	memcpy(&f, b->data + b->len - sizeof(f), sizeof(f));
	return f;
}

/* As if stored_table_write() had written what is there now. */
static void footer_set(struct stored_bytes *b, struct stored_footer f)
{
	size_t names_len = (size_t)f.n_blocks * STORED_BLOCK_BYTES;
	uint64_t sum = lzma_crc64(b->data + names_len, b->len - sizeof(f) - names_len, 0);

	f.checksum = 0;
	f.checksum = lzma_crc64((const uint8_t *)&f, sizeof(f), sum);
	memcpy(b->data + b->len - sizeof(f), &f, sizeof(f));
}

static int open_bytes(const struct stored_bytes *b, size_t offset, struct reader *reader,
		      struct stored_table **ret)
{
	reader_open_memory(reader, b->data, b->len);
	return stored_table_open(reader, offset, ret);
}

/* What the table says of an address: a name, "-" for none, "?" for a damaged one. */
static const char *name_at(struct stored_table *t, const struct reader *r, uint64_t address)
{
	static char name[SYMBOL_MAX_NAME];
	struct symbol s;

	if (!symbol_rows_find(stored_table_rows(t), address, &s))
		return "-";
	return stored_table_name(t, r, s.name, name) == 0 ? name : "?";
}

static void a_stored_table_names_what_the_file_does(void **state)
{
	static const struct {
		uint64_t offset;
		const char *name;
	} rows[] = {
		{ 0x0ff, "-" },	    { 0x100, "outer" }, { 0x180, "inner" }, { 0x1a0, "outer" },
		{ 0x2ff, "outer" }, { 0x300, "-" },	{ 0x43f, "total" }, { 0x500, "?" },
	};
	struct stored_bytes b = stored_shop();
	_cleanup_(stored_table_freep) struct stored_table *t = NULL;
	struct reader r;

	(void)state;
	assert_int_equal(open_bytes(&b, 0, &r, &t), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(name_at(t, &r, TEXT_ADDRESS + rows[i].offset), rows[i].name);
	free(b.data);
}

/* Every symbol of a real library, at its first and at its last byte. */
static void a_stored_libc_answers_as_libc_does(void **state)
{
	static char expected[SYMBOL_MAX_NAME];
	struct stored_bytes b = { .max = NO_LIMIT };
	_cleanup_(symbol_table_freep) struct symbol_table *t = NULL;
	_cleanup_(stored_table_freep) struct stored_table *stored = NULL;
	struct elf_file f;
	struct reader r;
	int fd;

	(void)state;
	f = elf_of_path("/lib/x86_64-linux-gnu/libc.so.6", &fd);
	assert_int_equal(table_build(&f, &t), 0);
	assert_int_equal(stored_of(&f, &b), 0);
	assert_int_equal(open_bytes(&b, 0, &r, &stored), 0);
	assert_true(symbol_table_rows(t)->n_rows > 1500);
	assert_true(footer_of(&b).n_blocks > 4);
	for (uint32_t i = 0; i < symbol_table_rows(t)->n_rows; i++) {
		const struct symbol_row *row = &symbol_table_rows(t)->rows[i];
		uint64_t ends[] = { row->value, row->value + row->size - 1 };

		for (size_t k = 0; k < ARRAY_SIZE(ends); k++) {
			uint64_t address = symbol_table_rows(t)->base + ends[k];
			struct symbol s;

			assert_true(symbol_rows_find(symbol_table_rows(t), address, &s));
			assert_int_equal(table_name(t, &f, s.name, expected), 0);
			assert_string_equal(name_at(stored, &r, address), expected);
		}
	}
	free(b.data);
	close(fd);
}

static void a_table_tells_the_segments_of_its_file(void **state)
{
	struct stored_bytes b = { .max = NO_LIMIT };
	_cleanup_(stored_table_freep) struct stored_table *t = NULL;
	struct hearth_elf_load loads[ELF_MAX_LOADS];
	struct elf_file f;
	struct reader r;
	uint32_t n;
	int fd;

	(void)state;
	f = elf_of_path("/lib/x86_64-linux-gnu/libc.so.6", &fd);
	assert_int_equal(elf_loads(&f, loads, &n), 0);
	assert_int_equal(stored_of(&f, &b), 0);
	assert_int_equal(open_bytes(&b, 0, &r, &t), 0);
	assert_true(n > 1);
	assert_int_equal(stored_table_loads(t)->n, n);
	assert_memory_equal(stored_table_loads(t)->loads, loads, n * sizeof(loads[0]));
	close(fd);
	free(b.data);
}

static void a_table_may_lie_behind_something_else(void **state)
{
	struct stored_bytes b = stored_shop();
	_cleanup_(stored_table_freep) struct stored_table *t = NULL;
	struct reader r;

	(void)state;
	b.data = realloc(b.data, b.len + 7);
	assert_non_null(b.data);
	memmove(b.data + 7, b.data, b.len);
	b.len += 7;
	assert_int_equal(open_bytes(&b, 6, &r, &t), -EBADMSG);
	assert_int_equal(open_bytes(&b, 7, &r, &t), 0);
	assert_string_equal(name_at(t, &r, TEXT_ADDRESS + 0x410), "total");
	free(b.data);
}

static void a_file_without_symbols_makes_an_empty_table(void **state)
{
	static struct made_elf made;
	struct stored_bytes b = { .max = NO_LIMIT };
	_cleanup_(stored_table_freep) struct stored_table *t = NULL;
	struct elf_file f;
	struct reader r;

	(void)state;
	elf_make(&made, NULL, 0);
	f = elf_of_memory(&made, sizeof(made));
	assert_int_equal(stored_of(&f, &b), 0);
	assert_int_equal(open_bytes(&b, 0, &r, &t), 0);
	assert_string_equal(name_at(t, &r, TEXT_ADDRESS), "-");
	free(b.data);
}

static void a_cut_table_is_damaged_wherever_it_is_cut(void **state)
{
	struct stored_bytes whole = stored_shop();
	struct stored_table *t;
	struct reader r;

	(void)state;
	for (size_t len = 0; len < whole.len; len++) {
		struct stored_bytes cut = { .data = whole.data, .len = len };

		assert_int_equal(open_bytes(&cut, 0, &r, &t), -EBADMSG);
	}
	free(whole.data);
}

/* Either the table does not open, or the name is not given, or it is right. */
static void no_flipped_bit_makes_a_wrong_name(void **state)
{
	static const uint64_t offsets[] = { 0x100, 0x180, 0x1a0, 0x410 };
	static const char *const names[] = { "outer", "inner", "outer", "total" };
	struct stored_bytes b = stored_shop();
	size_t n_noticed = 0;

	(void)state;
	for (size_t bit = 0; bit < b.len * 8; bit++) {
		_cleanup_(stored_table_freep) struct stored_table *t = NULL;
		bool is_noticed = true;
		struct reader r;

		b.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		if (open_bytes(&b, 0, &r, &t) == 0)
			for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
				const char *name = name_at(t, &r, TEXT_ADDRESS + offsets[i]);

				is_noticed = strcmp(name, "?") == 0;
				assert_true(is_noticed || strcmp(name, names[i]) == 0);
			}
		n_noticed += is_noticed;
		b.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
	}
	assert_int_equal(n_noticed, b.len * 8);
	free(b.data);
}

/* ---- made to deceive: the checksums are right ---- */

static void expect_damaged(struct stored_bytes *b, const struct stored_footer *f)
{
	struct stored_table *t;
	struct reader r;

	footer_set(b, *f);
	assert_int_equal(open_bytes(b, 0, &r, &t), -EBADMSG);
	free(b->data);
}

static struct symbol_row *rows_of(const struct stored_bytes *b)
{
	return (struct symbol_row *)(void *)(b->data + (size_t)footer_of(b).n_blocks * STORED_BLOCK_BYTES);
}

static struct symbol_enclosure *enclosures_of(const struct stored_bytes *b)
{
	return (struct symbol_enclosure *)(void *)(rows_of(b) + footer_of(b).n_rows);
}

static void a_table_of_another_version_is_not_read(void **state)
{
	struct stored_bytes b = stored_shop();
	struct stored_footer f = footer_of(&b);

	(void)state;
	f.version++;
	expect_damaged(&b, &f);
}

static void more_of_anything_than_the_file_holds_is_damage(void **state)
{
	static const size_t counts[] = {
		offsetof(struct stored_footer, n_rows),
		offsetof(struct stored_footer, n_enclosures),
		offsetof(struct stored_footer, n_blocks),
		offsetof(struct stored_footer, n_loads),
	};
	static const uint32_t added[] = { 1, 0x7fffffff, 0xfffffff0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts) * ARRAY_SIZE(added); i++) {
		struct stored_bytes b = stored_shop();
		struct stored_footer f = footer_of(&b);
		struct stored_table *t;
		struct reader r;
		uint32_t count;

		memcpy(&count, (char *)&f + counts[i / 3], sizeof(count));
		count += added[i % 3];
		memcpy((char *)&f + counts[i / 3], &count, sizeof(count));
		memcpy(b.data + b.len - sizeof(f), &f, sizeof(f));
		assert_int_equal(open_bytes(&b, 0, &r, &t), -EBADMSG);
		free(b.data);
	}
}

static void rows_out_of_order_are_damage(void **state)
{
	struct stored_bytes b = stored_shop();
	struct stored_footer f = footer_of(&b);

	(void)state;
	rows_of(&b)[0].value = 0xffff;
	expect_damaged(&b, &f);
}

static void a_row_that_reaches_around_the_end_is_damage(void **state)
{
	struct stored_bytes b = stored_shop();
	struct stored_footer f = footer_of(&b);

	(void)state;
	rows_of(&b)[0].size = UINT32_MAX;
	expect_damaged(&b, &f);
}

static void a_name_behind_the_names_is_damage(void **state)
{
	struct stored_bytes b = stored_shop();
	struct stored_footer f = footer_of(&b);

	(void)state;
	rows_of(&b)[0].name = STORED_BLOCK_BYTES;
	expect_damaged(&b, &f);
}

static void an_enclosure_that_leads_forward_is_damage(void **state)
{
	struct stored_bytes b = stored_shop();
	struct stored_footer f = footer_of(&b);

	(void)state;
	assert_true(f.n_enclosures > 0);
	enclosures_of(&b)[0].parent = enclosures_of(&b)[0].row;
	expect_damaged(&b, &f);
}

static void a_name_without_an_end_is_not_given(void **state)
{
	struct stored_bytes b = stored_shop();
	struct stored_footer f = footer_of(&b);
	_cleanup_(stored_table_freep) struct stored_table *t = NULL;
	uint32_t *sum = (uint32_t *)(void *)(enclosures_of(&b) + f.n_enclosures);
	struct reader r;

	(void)state;
	memset(b.data, 'x', STORED_BLOCK_BYTES);
	*sum = lzma_crc32(b.data, STORED_BLOCK_BYTES, 0);
	footer_set(&b, f);
	assert_int_equal(open_bytes(&b, 0, &r, &t), 0);
	assert_string_equal(name_at(t, &r, TEXT_ADDRESS + 0x100), "?");
	free(b.data);
}

static void a_sink_that_gives_up_ends_the_writing(void **state)
{
	static struct made_elf made;
	struct elf_file f;

	(void)state;
	elf_make(&made, shop, ARRAY_SIZE(shop));
	f = elf_of_memory(&made, sizeof(made));
	for (size_t max = 0; max < STORED_BLOCK_BYTES + 150; max += 50) {
		struct stored_bytes b = { .max = max };

		assert_int_equal(stored_of(&f, &b), -ENOSPC);
		free(b.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stored_table_names_what_the_file_does),
		cmocka_unit_test(a_stored_libc_answers_as_libc_does),
		cmocka_unit_test(a_table_tells_the_segments_of_its_file),
		cmocka_unit_test(a_table_may_lie_behind_something_else),
		cmocka_unit_test(a_file_without_symbols_makes_an_empty_table),
		cmocka_unit_test(a_cut_table_is_damaged_wherever_it_is_cut),
		cmocka_unit_test(no_flipped_bit_makes_a_wrong_name),
		cmocka_unit_test(a_table_of_another_version_is_not_read),
		cmocka_unit_test(more_of_anything_than_the_file_holds_is_damage),
		cmocka_unit_test(rows_out_of_order_are_damage),
		cmocka_unit_test(a_row_that_reaches_around_the_end_is_damage),
		cmocka_unit_test(a_name_behind_the_names_is_damage),
		cmocka_unit_test(an_enclosure_that_leads_forward_is_damage),
		cmocka_unit_test(a_name_without_an_end_is_not_given),
		cmocka_unit_test(a_sink_that_gives_up_ends_the_writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
