/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "helper/unwind_wire.h"
#include "util/cleanup.h"
#include "util/file.h"

/* Two processes, three samples. */
static const struct hearth_unwind_mapping mappings[] = {
	{ 0x1000, 0x2000, 0, 7 }, { 0x3000, 0x5000, 0x1000, 8 }, { 0x1000, 0x9000, 0x2000, 9 },
};
static const struct hearth_unwind_space spaces[] = { { mappings, 2, sizeof(mappings[0]) },
						     { mappings + 2, 1, sizeof(mappings[0]) } };
static const uint64_t registers[] = { 11, 12, 13 };
static const uint64_t stack[] = { 21, 22, 23, 24 };
static const struct hearth_unwind_sample samples[] = {
	{ 0, 32, 0x7, registers, 0x7000, (const uint8_t *)stack },
	{ 1, 0, 0, NULL, 0, NULL },
	{ 1, 8, 1ull << 40, registers + 2, 0x8000, (const uint8_t *)(stack + 3) },
};

static struct hearth_unwind_request request(void)
{
	return (struct hearth_unwind_request){
		.size = sizeof(struct hearth_unwind_request),
		.machine = 62,
		.spaces = spaces,
		.samples = samples,
		.n_spaces = 2,
		.space_stride = sizeof(spaces[0]),
		.n_samples = 3,
		.sample_stride = sizeof(samples[0]),
		.max_frames = 100,
	};
}

static char *written(const struct hearth_unwind_request *q, size_t *ret_len)
{
	_cleanup_close_ int fd = -1;
	size_t bytes;
	char *data;

	assert_int_equal(unwind_request_write(q, &fd, &bytes), 0);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(fd_read_all(fd, 1 << 20, &data, ret_len), 0);
	assert_int_equal(*ret_len, bytes);
	return data;
}

static void a_request_is_read_as_it_was_written(void **state)
{
	struct hearth_unwind_request q = request();
	struct unwind_reading r;
	size_t len;
	_cleanup_free_ char *data = written(&q, &len);
	uint32_t n;

	(void)state;
	assert_int_equal(unwind_reading_open(data, len, &r), 0);
	assert_int_equal(r.head.machine, 62);
	assert_int_equal(r.head.max_frames, 100);
	assert_memory_equal(unwind_reading_space(&r, 0, &n), mappings, 2 * sizeof(mappings[0]));
	assert_int_equal(n, 2);
	assert_memory_equal(unwind_reading_space(&r, 1, &n), mappings + 2, sizeof(mappings[0]));
	assert_int_equal(n, 1);
	for (uint32_t i = 0; i < 3; i++) {
		struct hearth_unwind_sample s;

		unwind_reading_sample(&r, i, &s);
		assert_int_equal(s.space, samples[i].space);
		assert_int_equal(s.register_mask, samples[i].register_mask);
		assert_int_equal(s.stack_address, samples[i].stack_address);
		assert_int_equal(s.stack_bytes, samples[i].stack_bytes);
		if (s.stack_bytes > 0)
			assert_memory_equal(s.stack, samples[i].stack, s.stack_bytes);
		for (int k = 0; k < __builtin_popcountll(s.register_mask); k++)
			assert_int_equal(s.registers[k], samples[i].registers[k]);
	}
}

static void a_request_that_is_cut_or_longer_is_refused(void **state)
{
	struct hearth_unwind_request q = request();
	struct unwind_reading r;
	size_t len;
	_cleanup_free_ char *data = written(&q, &len);
	_cleanup_free_ char *longer = calloc(1, len + 8);

	(void)state;
	assert_non_null(longer);
	memcpy(longer, data, len);
	assert_int_equal(unwind_reading_open(longer, len + 8, &r), -EBADMSG);
	for (size_t cut = 0; cut < len; cut += 8)
		assert_int_equal(unwind_reading_open(data, cut, &r), -EBADMSG);
}

static void rows_of_a_longer_struct_are_read_by_their_stride(void **state)
{
	struct {
		struct hearth_unwind_sample known;
		uint64_t newer;
	} longer[3];
	struct hearth_unwind_request q = request(), plain = request();
	size_t len, plain_len;
	_cleanup_free_ char *data = NULL, *plain_data = written(&plain, &plain_len);

	(void)state;
	memset(longer, 0xff, sizeof(longer));
	for (int i = 0; i < 3; i++)
		longer[i].known = samples[i];
	q.samples = &longer[0].known;
	q.sample_stride = sizeof(longer[0]);
	data = written(&q, &len);
	assert_int_equal(len, plain_len);
	assert_memory_equal(data, plain_data, len);
}

/* One stack of two frames, one of none. */
static size_t answer_make(uint8_t to[static 64])
{
	const struct hearth_unwound_frame frames[] = { { .address = 5 }, { 6, 1, 0 } };
	const struct unwind_stack_head heads[] = { { 2, HEARTH_UNWOUND_STACK }, { 0, 99 } };
	size_t len = 0;

	memcpy(to + len, &heads[0], sizeof(heads[0]));
	len += sizeof(heads[0]);
	memcpy(to + len, frames, sizeof(frames));
	len += sizeof(frames);
	memcpy(to + len, &heads[1], sizeof(heads[1]));
	return len + sizeof(heads[1]);
}

static void an_answer_has_frames_and_causes(void **state)
{
	uint8_t data[64];
	struct hearth_unwound_stack stacks[2];
	struct hearth_unwound_frame frames[2];
	size_t len = answer_make(data);
	uint32_t n;

	(void)state;
	assert_int_equal(unwound_measure(data, len, 2, &n), 0);
	assert_int_equal(n, 2);
	unwound_unpack(data, 2, stacks, frames);
	assert_int_equal(stacks[0].n_frames, 2);
	assert_string_equal(stacks[0].cause, "the stack is longer than what was sampled of it");
	assert_int_equal(frames[1].address, 6);
	assert_int_equal(frames[1].flags, HEARTH_UNWOUND_IS_RETURN);
	assert_int_equal(stacks[1].first_frame, 2);
	assert_string_equal(stacks[1].cause, "cannot be unwound");
}

static void an_answer_that_makes_no_sense_is_refused(void **state)
{
	const struct unwind_stack_head many = { .n_frames = UINT32_MAX };
	uint8_t data[64];
	size_t len = answer_make(data);
	uint32_t n;

	(void)state;
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(unwound_measure(data, cut, 2, &n), -EBADMSG);
	assert_int_equal(unwound_measure(data, len, 1, &n), -EBADMSG);
	assert_int_equal(unwound_measure(data, len, 3, &n), -EBADMSG);
	memcpy(data, &many, sizeof(many));
	assert_int_equal(unwound_measure(data, len, 2, &n), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read_as_it_was_written),
		cmocka_unit_test(a_request_that_is_cut_or_longer_is_refused),
		cmocka_unit_test(rows_of_a_longer_struct_are_read_by_their_stride),
		cmocka_unit_test(an_answer_has_frames_and_causes),
		cmocka_unit_test(an_answer_that_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
