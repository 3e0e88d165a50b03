/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "perf_order.h"

struct queue {
	struct perf_order order;
	struct perf_blocks *blocks;
	struct perf_stream stream; /* of nothing: for a block */
};

static ssize_t zeros(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	memset(buf, 8, n); /* records of 0x808 bytes */
	return (ssize_t)n;
}

static int set_up(void **state)
{
	struct queue *q = calloc(1, sizeof(*q));

	q->blocks = perf_blocks_new();
	perf_stream_init(&q->stream, q->blocks, zeros, NULL);
	*state = q;
	return 0;
}

static int tear_down(void **state)
{
	struct queue *q = *state;

	perf_order_done(&q->order);
	perf_stream_done(&q->stream);
	assert_int_equal(perf_blocks_bytes(q->blocks), 0); /* every reference was given back */
	perf_blocks_free(q->blocks);
	free(q);
	return 0;
}

static void add(struct queue *q, uint64_t time_ns)
{
	struct perf_record record;

	assert_int_equal(perf_stream_next(&q->stream, &record), 1);
	(void)perf_block_ref(record.block);
	assert_int_equal(perf_order_add(&q->order, time_ns, &record), 0);
}

static void assert_times(struct queue *q, const uint64_t *times, size_t n)
{
	struct perf_timed t;

	for (size_t i = 0; i < n; i++) {
		assert_true(perf_order_take(&q->order, &t));
		assert_int_equal(t.time_ns, times[i]);
	}
	assert_false(perf_order_take(&q->order, &t));
}

static void a_round_lets_go_what_is_older_than_the_round_before(void **state)
{
	static const uint64_t first[] = { 10, 30, 20, 40 }, second[] = { 25, 60, 35, 50 };
	static const uint64_t then[] = { 10, 20, 25, 30, 35, 40 }, rest[] = { 50, 60 };
	struct queue *q = *state;

	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		add(q, first[i]);
	assert_int_equal(perf_order_finish_round(&q->order), 0);
	assert_times(q, NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(second); i++)
		add(q, second[i]);
	assert_int_equal(perf_order_finish_round(&q->order), 0);
	assert_times(q, then, ARRAY_SIZE(then));
	assert_int_equal(perf_order_release_all(&q->order), 0);
	assert_times(q, rest, ARRAY_SIZE(rest));
}

static void records_of_one_time_stay_in_the_order_of_the_file(void **state)
{
	struct queue *q = *state;
	const uint8_t *last = NULL;
	struct perf_timed t;

	for (size_t i = 0; i < 100; i++)
		add(q, i % 2 ? 5 : 9);
	assert_int_equal(perf_order_release_all(&q->order), 0);
	for (size_t i = 0; i < 100; i++) {
		assert_true(perf_order_take(&q->order, &t));
		assert_int_equal(t.time_ns, i < 50 ? 5 : 9);
		assert_true(i % 50 == 0 || t.bytes > last);
		last = t.bytes;
	}
}

static void any_order_is_put_right(void **state)
{
	struct queue *q = *state;
	struct perf_timed t;
	uint64_t last = 0, n = 0, x = 1;

	for (size_t i = 0; i < 5000; i++) {
		x = x * 6364136223846793005ull + 1442695040888963407ull;
		add(q, x >> 40);
	}
	assert_int_equal(perf_order_release_half(&q->order), 0);
	for (; perf_order_take(&q->order, &t); n++) {
		assert_true(t.time_ns >= last);
		last = t.time_ns;
	}
	assert_int_equal(n, 2500);
	assert_int_equal(perf_order_release_all(&q->order), 0);
	for (; perf_order_take(&q->order, &t); n++)
		assert_true(t.time_ns >= last);
	assert_int_equal(n, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_round_lets_go_what_is_older_than_the_round_before, set_up, tear_down),
		cmocka_unit_test_setup_teardown(records_of_one_time_stay_in_the_order_of_the_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(any_order_is_put_right, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
