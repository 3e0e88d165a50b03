/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/route/fixture.h"

static void count_room(void *ctx)
{
	++*(int *)ctx;
}

static struct route_stats stats_of(struct route *r)
{
	struct route_stats s;

	route_stats(r, &s);
	return s;
}

static void route_carries_exactly_the_schemas_it_lists(void **state)
{
	static const struct {
		const char *schemas, *schema;
		bool carries;
	} cases[] = {
		{ "hearth.profile/1", "hearth.profile/1", true },
		{ "hearth.metrics/1 hearth.profile/1", "hearth.profile/1", true },
		{ "hearth.profile/1 hearth.metrics/1", "hearth.profile/1", true },
		{ "hearth.profile/10", "hearth.profile/1", false },
		{ "hearth.profile/1", "hearth.profile/10", false },
		{ "hearth.profile/1", "hearth.profile", false },
		{ "", "hearth.profile/1", false },
	};
	struct queue *q = test_queue();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct route *r = test_route(q, .schemas = cases[i].schemas);

		assert_int_equal(route_carries(r, cases[i].schema), cases[i].carries);
		route_unref(r);
	}
	test_queue_free(q);
}

static void live_route_drops_its_oldest_when_full_and_counts_them(void **state)
{
	struct queue *q = test_queue();
	struct route *r = test_route(q, .limit_bytes = 100);
	struct queue_stats s;

	(void)state;
	test_push(r, 40, 1);
	test_push(r, 40, 2);
	test_push(r, 70, 4);
	assert_int_equal(stats_of(r).dropped_batches, 2);
	assert_int_equal(stats_of(r).dropped_items, 3);
	queue_stats(q, &s);
	assert_int_equal(s.dropped_full, 2);
	assert_int_equal(s.items_full, 3);
	assert_int_equal(s.dropped_closed, 0);
	assert_int_equal(test_pop_items(q), 4);
	assert_true(queue_is_empty(q));
	route_unref(r);
	test_queue_free(q);
}

static void full_route_never_drops_what_another_brought(void **state)
{
	struct queue *q = test_queue();
	struct route *full = test_route(q, .limit_bytes = 100);
	struct route *other = test_route(q, .limit_bytes = 100);

	(void)state;
	test_push(other, 90, 1);
	test_push(full, 90, 2);
	test_push(full, 90, 4);
	assert_int_equal(stats_of(other).dropped_batches, 0);
	assert_int_equal(stats_of(full).dropped_items, 2);
	assert_int_equal(test_pop_items(q), 1);
	assert_int_equal(test_pop_items(q), 4);
	route_unref(full);
	route_unref(other);
	test_queue_free(q);
}

static void what_was_pushed_out_is_released_by_the_caller(void **state)
{
	struct test_memory m = {};
	const struct hearth_segment s = test_segment(&m, 90);
	const struct hearth_emission e = test_emission(&s, 1);
	struct queue *q = test_queue();
	struct route *r = test_route(q, .limit_bytes = 100);
	struct batch *old = NULL, *new = test_batch(90, 1);
	struct queue_item *evicted = NULL;

	(void)state;
	assert_int_equal(batch_new(&e, "from", "", &old), 0);
	assert_int_equal(route_push(r, old, &evicted), 0);
	batch_unref(old);
	assert_null(evicted);
	assert_int_equal(route_push(r, new, &evicted), 0);
	batch_unref(new);
	assert_non_null(evicted);
	assert_int_equal(m.n_released, 0); /* it is a plugin's function: not under anybody's lock */
	queue_items_done(evicted);
	assert_int_equal(m.n_released, 1);
	route_unref(r);
	test_queue_free(q);
}

static void batch_beyond_the_bound_passes_alone(void **state)
{
	struct queue *q = test_queue();
	struct route *r = test_route(q, .limit_bytes = 100);

	(void)state;
	test_push(r, 10, 1);
	test_push(r, 4000, 2);
	assert_int_equal(stats_of(r).dropped_items, 1);
	test_push(r, 10, 4);
	assert_int_equal(stats_of(r).dropped_items, 3);
	assert_int_equal(test_pop_items(q), 4);
	test_push(r, 4000, 8);
	assert_int_equal(test_pop_items(q), 8);
	route_unref(r);
	test_queue_free(q);
}

static void empty_batches_are_bounded_too(void **state)
{
	struct queue *q = test_queue();
	struct route *r = test_route(q, .limit_bytes = 100);
	struct queue_stats s;

	(void)state;
	for (int i = 0; i < 1000; i++)
		test_push(r, 0, 1);
	queue_stats(q, &s);
	assert_in_range(s.depth, 1, 101);
	assert_int_equal(s.items + s.items_full, 1000);
	route_unref(r);
	test_queue_free(q);
}

static void popping_makes_room_again(void **state)
{
	struct queue *q = test_queue();
	struct route *r = test_route(q, .limit_bytes = 100);

	(void)state;
	for (uint64_t i = 1; i <= 5; i++) {
		test_push(r, 90, i);
		assert_int_equal(test_pop_items(q), i);
	}
	assert_int_equal(stats_of(r).dropped_batches, 0);
	assert_int_equal(stats_of(r).batches, 5);
	assert_int_equal(stats_of(r).items, 15);
	assert_int_equal(stats_of(r).bytes_queued, 0);
	route_unref(r);
	test_queue_free(q);
}

static void lossless_route_has_room_until_its_bound_waits_and_tells_when_again(void **state)
{
	struct queue *q = test_queue();
	int n = 0;
	struct route *r = test_route(q, .limit_bytes = 100, .is_lossless = true,
				     .on_room = count_room, .ctx = &n);

	(void)state;
	test_push(r, 60, 1);
	assert_true(route_has_room(r));
	test_push(r, 60, 2);
	assert_false(route_has_room(r));
	assert_false(route_has_room(r));
	assert_int_equal(test_pop_items(q), 1);
	assert_int_equal(n, 1); /* once, however often it was asked */
	assert_true(route_has_room(r));
	assert_int_equal(test_pop_items(q), 2);
	assert_int_equal(n, 1); /* nobody waits any more */
	assert_int_equal(stats_of(r).dropped_batches, 0);
	route_unref(r);
	test_queue_free(q);
}

static void waiting_emitter_is_told_only_when_there_is_room(void **state)
{
	struct queue *q = test_queue();
	int n = 0;
	struct route *r = test_route(q, .limit_bytes = 100, .is_lossless = true,
				     .on_room = count_room, .ctx = &n);

	(void)state;
	test_push(r, 10, 1);
	test_push(r, 4000, 2);
	assert_false(route_has_room(r));
	assert_int_equal(test_pop_items(q), 1);
	assert_int_equal(n, 0);
	assert_int_equal(test_pop_items(q), 2);
	assert_int_equal(n, 1);
	route_unref(r);
	test_queue_free(q);
}

static void closing_the_consumer_frees_a_waiting_emitter(void **state)
{
	struct queue *q = test_queue();
	int n = 0;
	struct route *r = test_route(q, .limit_bytes = 100, .is_lossless = true,
				     .on_room = count_room, .ctx = &n);

	(void)state;
	test_push(r, 100, 1);
	assert_false(route_has_room(r));
	queue_close(q);
	assert_int_equal(n, 1);
	assert_true(route_has_room(r)); /* what comes is dropped and counted */
	route_unref(r);
	test_queue_free(q);
}

static void detaching_frees_a_waiting_emitter_and_then_forgets_it(void **state)
{
	struct queue *q = test_queue();
	int n = 0;
	struct route *r = test_route(q, .limit_bytes = 100, .is_lossless = true,
				     .on_room = count_room, .ctx = &n);

	(void)state;
	test_push(r, 100, 1);
	assert_false(route_has_room(r));
	route_detach(r);
	assert_int_equal(n, 1);
	assert_false(route_has_room(r));
	assert_int_equal(test_pop_items(q), 1);
	route_detach(r);
	assert_int_equal(n, 1);
	route_unref(r);
	test_queue_free(q);
}

static void end_of_stream_comes_behind_the_data(void **state)
{
	struct queue *q = test_queue();
	struct route *r = test_route(q, .limit_bytes = 10);
	struct queue_item *item;

	(void)state;
	test_push(r, 10, 1);
	route_end(r); /* never refused: the route is full */
	assert_int_equal(test_pop_items(q), 1);
	item = queue_pop(q);
	assert_int_equal(item->kind, QUEUE_END);
	assert_ptr_equal(item->route, r);
	queue_item_done(item);
	route_unref(r);
	test_queue_free(q);
}

static void end_of_stream_is_never_pushed_out(void **state)
{
	struct queue *q = test_queue();
	struct route *r = test_route(q, .limit_bytes = 10);
	struct queue_item *item;

	(void)state;
	route_end(r);
	test_push(r, 10, 1);
	test_push(r, 10, 2);
	item = queue_pop(q);
	assert_int_equal(item->kind, QUEUE_END);
	queue_item_done(item);
	assert_int_equal(test_pop_items(q), 2);
	route_unref(r);
	test_queue_free(q);
}

static void route_is_like_another_made_of_the_same(void **state)
{
	const struct route_options same = { .from = "a", .to = "b", .schemas = "x/1 y/1",
					    .limit_bytes = 100 };
	struct route_options other[3] = { same, same, same };
	struct queue *q = test_queue(), *elsewhere = test_queue();
	struct route *r = test_route_of(q, same);

	(void)state;
	other[0].schemas = "x/1";
	other[1].limit_bytes = 200;
	other[2].is_lossless = true;
	assert_true(route_is_like(r, q, &same));
	assert_false(route_is_like(r, elsewhere, &same));
	for (size_t i = 0; i < ARRAY_SIZE(other); i++)
		assert_false(route_is_like(r, q, &other[i]));
	route_unref(r);
	test_queue_free(q);
	test_queue_free(elsewhere);
}

static void batch_that_finds_no_memory_is_counted(void **state)
{
	struct queue *q = test_queue();
	struct route *r = test_route(q);
	struct batch *b = test_batch(10, 3);
	struct queue_item *evicted = NULL;

	(void)state;
	test_fail("sys.alloc=ENOMEM@1");
	assert_int_equal(route_push(r, b, &evicted), -ENOMEM);
	assert_int_equal(fail_count("sys.alloc"), 1);
	(void)fail_configure(NULL);
	assert_int_equal(stats_of(r).dropped_batches, 1);
	assert_int_equal(stats_of(r).dropped_items, 3);
	batch_unref(b);
	route_unref(r);
	test_queue_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(route_carries_exactly_the_schemas_it_lists),
		cmocka_unit_test(live_route_drops_its_oldest_when_full_and_counts_them),
		cmocka_unit_test(full_route_never_drops_what_another_brought),
		cmocka_unit_test(what_was_pushed_out_is_released_by_the_caller),
		cmocka_unit_test(batch_beyond_the_bound_passes_alone),
		cmocka_unit_test(empty_batches_are_bounded_too),
		cmocka_unit_test(popping_makes_room_again),
		cmocka_unit_test(lossless_route_has_room_until_its_bound_waits_and_tells_when_again),
		cmocka_unit_test(waiting_emitter_is_told_only_when_there_is_room),
		cmocka_unit_test(closing_the_consumer_frees_a_waiting_emitter),
		cmocka_unit_test(detaching_frees_a_waiting_emitter_and_then_forgets_it),
		cmocka_unit_test(end_of_stream_comes_behind_the_data),
		cmocka_unit_test(end_of_stream_is_never_pushed_out),
		cmocka_unit_test(route_is_like_another_made_of_the_same),
		cmocka_unit_test(batch_that_finds_no_memory_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
