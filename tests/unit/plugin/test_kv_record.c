/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/fixture.h"

#include "plugin/kv_record.h"

static const char value[] = "the quick brown fox jumps over the lazy dog, 1234567890 times";

static void *make_record(size_t *ret_len)
{
	void *record;

	assert_int_equal(kv_record_write("key", value, sizeof(value), &record, ret_len), 0);
	return record;
}

static int read_as(const char *key, const void *record, size_t len)
{
	const void *read_value = NULL;
	const char *why = NULL;
	size_t read_len = 0;
	int r = kv_record_read(key, record, len, &read_value, &read_len, &why);

	if (r < 0) {
		assert_non_null(why);
		assert_null(read_value);
		return r;
	}
	assert_int_equal(read_len, sizeof(value));
	assert_memory_equal(read_value, value, sizeof(value));
	return 0;
}

static void record_reads_as_what_was_written(void **state)
{
	size_t len;
	void *record = make_record(&len);

	(void)state;
	assert_int_equal(len, KV_RECORD_HEADER + sizeof(value));
	assert_int_equal(read_as("key", record, len), 0);
	free(record);
}

/* The checksum was computed bit by bit elsewhere: files outlive this implementation. */
static void format_is_the_documented_one(void **state)
{
	static const uint8_t expected[] = { 'H', 'K', 'V', '1', 1, 0, 0, 0, 1, 0, 0, 0,
					    0x07, 0xf6, 0xcb, 0xbf, 'v' };
	void *record;
	size_t len;

	(void)state;
	assert_int_equal(kv_record_write("k", "v", 1, &record, &len), 0);
	assert_int_equal(len, sizeof(expected));
	assert_memory_equal(record, expected, len);
	free(record);
}

static void every_flipped_bit_makes_it_absent(void **state)
{
	size_t len;
	uint8_t *record = make_record(&len);

	(void)state;
	for (size_t i = 0; i < len * 8; i++) {
		record[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(read_as("key", record, len), -EBADMSG);
		record[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t i = 0; i < len; i++) {
		record[i] ^= 0xff;
		assert_int_equal(read_as("key", record, len), -EBADMSG);
		record[i] ^= 0xff;
	}
	free(record);
}

static void every_other_length_makes_it_absent(void **state)
{
	size_t len;
	uint8_t *record = make_record(&len);

	(void)state;
	for (size_t n = 0; n < len; n++)
		assert_int_equal(read_as("key", record, n), -EBADMSG);
	record = realloc(record, len + 64);
	memset(record + len, 0, 64);
	for (size_t n = len + 1; n <= len + 64; n++)
		assert_int_equal(read_as("key", record, n), -EBADMSG);
	free(record);
}

static void record_of_another_key_is_not_believed(void **state)
{
	size_t len;
	void *record = make_record(&len);

	(void)state;
	assert_int_equal(read_as("kex", record, len), -EBADMSG);
	assert_int_equal(read_as("keyy", record, len), -EBADMSG);
	free(record);
}

static void empty_value_is_a_value(void **state)
{
	const void *read_value;
	const char *why;
	void *record;
	size_t len, read_len = 1;

	(void)state;
	assert_int_equal(kv_record_write("k", NULL, 0, &record, &len), 0);
	assert_int_equal(kv_record_read("k", record, len, &read_value, &read_len, &why), 0);
	assert_int_equal(read_len, 0);
	free(record);
}

static void value_that_is_too_long_is_refused(void **state)
{
	char *big = calloc(1, KV_VALUE_MAX + 1);
	void *record = NULL;
	size_t len;

	(void)state;
	assert_int_equal(kv_record_write("k", big, KV_VALUE_MAX + 1, &record, &len), -E2BIG);
	assert_null(record);
	assert_int_equal(kv_record_write("k", big, KV_VALUE_MAX, &record, &len), 0);
	free(record);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_reads_as_what_was_written),
		cmocka_unit_test(format_is_the_documented_one),
		cmocka_unit_test(every_flipped_bit_makes_it_absent),
		cmocka_unit_test(every_other_length_makes_it_absent),
		cmocka_unit_test(record_of_another_key_is_not_believed),
		cmocka_unit_test(empty_value_is_a_value),
		cmocka_unit_test(value_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
