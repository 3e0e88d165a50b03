/* SPDX-License-Identifier: Apache-2.0 */
#include "common/test_profile.h"

#include <errno.h>

#include "common/cleanup.h"
#include "common/protobuf.h"

static struct protobuf_reader reader_of(const struct protobuf *p)
{
	return (struct protobuf_reader){ p->bytes, p->bytes + p->len };
}

TEST(bytes_are_those_of_the_published_examples)
{
	static const uint8_t expected[] = {
		0x08, 0x96, 0x01,                                     /* a = 150 */
		0x12, 0x07, 't', 'e', 's', 't', 'i', 'n', 'g',        /* b = "testing" */
		0x1a, 0x03, 0x08, 0x96, 0x01,                         /* c = { a = 150 } */
		0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05,       /* f = [3, 270, 86942] */
	};
	_cleanup_(protobuf_done) struct protobuf p = { .bytes = NULL };
	size_t mark;

	protobuf_put_varint(&p, 1, 150);
	protobuf_put_bytes(&p, 2, "testing", 7);
	mark = protobuf_open(&p, 3);
	protobuf_put_varint(&p, 1, 150);
	protobuf_close(&p, mark);
	mark = protobuf_open(&p, 6);
	protobuf_put_element(&p, 3);
	protobuf_put_element(&p, 270);
	protobuf_put_element(&p, 86942);
	protobuf_close(&p, mark);
	assert_int_equal(p.error, 0);
	assert_int_equal(p.len, sizeof(expected));
	assert_memory_equal(p.bytes, expected, sizeof(expected));
}

TEST(numbers_come_back_whatever_their_width)
{
	static const uint64_t values[] = { 1, 0x7f, 0x80, 0x3fff, 0x4000, UINT32_MAX, INT64_MAX,
					   1ull << 63, UINT64_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		_cleanup_(protobuf_done) struct protobuf p = { .bytes = NULL };
		struct protobuf_field f;
		struct protobuf_reader r;

		protobuf_put_varint(&p, 1, values[i]);
		protobuf_put_fixed64(&p, (1 << 29) - 1, values[i]);
		r = reader_of(&p);
		assert_int_equal(protobuf_next(&r, &f), 1);
		assert_true(f.number == 1 && f.type == PROTOBUF_VARINT && f.value == values[i]);
		assert_int_equal(protobuf_next(&r, &f), 1);
		assert_true(f.number == (1 << 29) - 1 && f.type == PROTOBUF_FIXED64 &&
			    f.value == values[i]);
		assert_int_equal(protobuf_next(&r, &f), 0);
	}
}

TEST(zero_is_left_out_of_fields_and_kept_in_lists)
{
	_cleanup_(protobuf_done) struct protobuf p = { .bytes = NULL };
	size_t mark;

	protobuf_put_varint(&p, 1, 0);
	protobuf_put_fixed64(&p, 1, 0);
	protobuf_put_double(&p, 1, 0);
	protobuf_put_bytes(&p, 1, "", 0);
	assert_int_equal(p.len, 0);
	mark = protobuf_open(&p, 1);
	protobuf_put_element(&p, 0);
	protobuf_close(&p, mark);
	assert_memory_equal(p.bytes, "\x0a\x01\x00", 3);
}

TEST(messages_nest_beyond_a_length_of_one_byte)
{
	_cleanup_(protobuf_done) struct protobuf p = { .bytes = NULL };
	static const char text[1000];
	struct protobuf_field f;
	struct protobuf_reader r;
	size_t marks[5];

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		protobuf_put_varint(&p, 1, i + 1);
		marks[i] = protobuf_open(&p, 2);
	}
	protobuf_put_bytes(&p, 3, text, sizeof(text));
	for (size_t i = ARRAY_SIZE(marks); i-- > 0;)
		protobuf_close(&p, marks[i]);
	r = reader_of(&p);
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		assert_int_equal(protobuf_next(&r, &f), 1);
		assert_int_equal(f.value, i + 1);
		assert_int_equal(protobuf_next(&r, &f), 1);
		assert_int_equal(protobuf_left(&r), 0);
		r = f.bytes;
	}
	assert_int_equal(protobuf_next(&r, &f), 1);
	assert_int_equal(protobuf_left(&f.bytes), sizeof(text));
}

TEST(what_is_no_message_is_refused_where_it_stops_being_one)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{ "\x08", 1 },                                             /* no value */
		{ "\x08\x80", 2 },                                         /* half a varint */
		{ "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11 },    /* more than 64 bits */
		{ "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 12 }, /* longer than any */
		{ "\x12\x05test", 6 },                                     /* longer than what is left */
		{ "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },    /* a length of 2^64 - 1 */
		{ "\x09\0\0\0\0\0\0\0", 8 },                               /* seven bytes of eight */
		{ "\x0d\0\0\0", 4 },
		{ "\x00\x01", 2 },                                         /* field 0 */
		{ "\x0b\x0c", 2 },                                         /* a group */
		{ "\x0e\x01", 2 }, { "\x0f\x01", 2 },                      /* types that do not exist */
		{ "\x80\x80\x80\x80\x10\x01", 6 },                         /* field 2^29 */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const uint8_t *bytes = (const uint8_t *)cases[i].bytes;
		struct protobuf_reader r = { bytes, bytes + cases[i].len };
		struct protobuf_field f = { .number = 77 };

		assert_int_equal(protobuf_next(&r, &f), -EBADMSG);
		assert_ptr_equal(r.at, bytes);
		assert_int_equal(f.number, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_those_of_the_published_examples),
		cmocka_unit_test(numbers_come_back_whatever_their_width),
		cmocka_unit_test(zero_is_left_out_of_fields_and_kept_in_lists),
		cmocka_unit_test(messages_nest_beyond_a_length_of_one_byte),
		cmocka_unit_test(what_is_no_message_is_refused_where_it_stops_being_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
