/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/route/fixture.h"

/* What was called and what was dropped, as one word each: "a", "-b". */
struct diary {
	char text[64];
};

struct entry {
	struct diary *diary;
	const char *word;
};

static void called(void *ctx)
{
	const struct entry *e = ctx;

	strncat(e->diary->text, e->word, sizeof(e->diary->text) - strlen(e->diary->text) - 1);
}

static void dropped(void *ctx)
{
	const struct entry *e = ctx;

	called(&(struct entry){ e->diary, "-" });
	called(ctx);
}

static void run_all(struct queue *q)
{
	struct queue_item *item;

	while ((item = queue_pop(q))) {
		if (item->kind == QUEUE_CALL)
			item->fn(item->ctx);
		queue_item_done(item);
	}
}

static void count_wake(void *ctx)
{
	++*(int *)ctx;
}

static void calls_come_out_in_the_order_they_went_in(void **state)
{
	struct diary d = {};
	struct entry a = { &d, "a" }, b = { &d, "b" }, first = { &d, "1" };
	struct queue *q = test_queue();

	(void)state;
	queue_call(q, called, dropped, &a);
	queue_call(q, called, dropped, &b);
	queue_call_first(q, called, dropped, &first);
	run_all(q);
	assert_string_equal(d.text, "1ab");
	test_queue_free(q);
}

static void call_after_a_call_in_front_of_nothing_is_last(void **state)
{
	struct diary d = {};
	struct entry a = { &d, "a" }, b = { &d, "b" };
	struct queue *q = test_queue();

	(void)state;
	queue_call_first(q, called, dropped, &a);
	queue_call(q, called, dropped, &b);
	run_all(q);
	assert_string_equal(d.text, "ab");
	test_queue_free(q);
}

static void call_overtakes_batches_for_one_who_cannot_take_them(void **state)
{
	struct diary d = {};
	struct entry a = { &d, "a" }, b = { &d, "b" };
	struct queue *q = test_queue();
	struct route *r = test_route(q);
	struct queue_item *item;

	(void)state;
	test_push(r, 10, 1);
	route_end(r);
	queue_call(q, called, dropped, &a);
	item = queue_pop_call(q);
	assert_ptr_equal(item->ctx, &a);
	queue_item_done(item);
	assert_null(queue_pop_call(q));

	/* The end of the list was taken out: what comes now must still be found. */
	queue_call(q, called, dropped, &b);
	assert_int_equal(test_pop_items(q), 1);
	run_all(q);
	assert_string_equal(d.text, "b");
	route_unref(r);
	test_queue_free(q);
}

static void closing_drops_calls_once_and_counts_batches(void **state)
{
	struct diary d = {};
	struct entry a = { &d, "a" }, b = { &d, "b" };
	struct queue *q = test_queue();
	struct route *r = test_route(q);
	struct queue_stats s;

	(void)state;
	queue_call(q, called, dropped, &a);
	test_push(r, 10, 3);
	test_push(r, 10, 4);
	route_end(r);
	queue_close(q);
	queue_call(q, called, dropped, &b);
	queue_close(q);
	assert_string_equal(d.text, "-a-b");
	assert_true(queue_is_empty(q));
	queue_stats(q, &s);
	assert_int_equal(s.depth, 0);
	assert_int_equal(s.bytes, 0);
	assert_int_equal(s.items, 0);
	assert_int_equal(s.dropped_closed, 2);
	assert_int_equal(s.items_closed, 7);
	assert_int_equal(s.dropped_full, 0);
	route_unref(r);
	test_queue_free(q);
}

static void closed_queue_counts_what_is_pushed(void **state)
{
	struct queue *q = test_queue();
	struct route *r = test_route(q);
	struct queue_stats s;

	(void)state;
	queue_close(q);
	test_push(r, 10, 5);
	queue_stats(q, &s);
	assert_int_equal(s.dropped_closed, 1);
	assert_int_equal(s.items_closed, 5);
	assert_true(queue_is_empty(q));
	route_unref(r);
	test_queue_free(q);
}

static void stats_say_what_waits_now(void **state)
{
	struct queue *q = test_queue();
	struct route *r = test_route(q);
	struct queue_stats s;

	(void)state;
	test_push(r, 10, 3);
	test_push(r, 20, 4);
	assert_int_equal(test_pop_items(q), 3);
	queue_stats(q, &s);
	assert_int_equal(s.depth, 1);
	assert_int_equal(s.bytes, 20);
	assert_int_equal(s.items, 4);
	route_unref(r);
	test_queue_free(q);
}

static void every_push_wakes_the_owner_until_it_is_closed(void **state)
{
	struct diary d = {};
	struct entry a = { &d, "a" };
	struct queue *q = NULL;
	struct route *r;
	int n = 0;

	(void)state;
	assert_int_equal(queue_new(count_wake, &n, &q), 0);
	r = test_route(q);
	queue_call(q, called, dropped, &a);
	test_push(r, 10, 1);
	route_end(r);
	assert_int_equal(n, 3);
	queue_close(q);
	queue_call(q, called, dropped, &a);
	test_push(r, 10, 1);
	route_end(r);
	assert_int_equal(n, 3);
	route_unref(r);
	test_queue_free(q);
}

struct again {
	struct queue *queue;
	int n;
};

static void push_again(void *ctx)
{
	struct again *a = ctx;

	if (++a->n < 2)
		queue_call(a->queue, push_again, push_again, a);
}

/* drop() runs a plugin's code: no lock is held, and what it asks for is dropped in its turn. */
static void drop_may_push_again(void **state)
{
	struct queue *q = test_queue();
	struct again a = { q, 0 };

	(void)state;
	queue_call(q, push_again, push_again, &a);
	queue_close(q);
	assert_int_equal(a.n, 2);
	test_queue_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_come_out_in_the_order_they_went_in),
		cmocka_unit_test(call_after_a_call_in_front_of_nothing_is_last),
		cmocka_unit_test(call_overtakes_batches_for_one_who_cannot_take_them),
		cmocka_unit_test(closing_drops_calls_once_and_counts_batches),
		cmocka_unit_test(closed_queue_counts_what_is_pushed),
		cmocka_unit_test(stats_say_what_waits_now),
		cmocka_unit_test(every_push_wakes_the_owner_until_it_is_closed),
		cmocka_unit_test(drop_may_push_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
