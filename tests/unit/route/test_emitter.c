/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/route/emitter_fixture.h"

/* Reads like the mailbox: "0 1 end". */
static void assert_inbox(struct queue *q, const char *expected)
{
	char text[128] = "";
	struct queue_item *item;
	size_t len = 0;

	while ((item = queue_pop(q))) {
		const char *blank = len ? " " : "";

		if (item->kind == QUEUE_BATCH)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%llu", blank,
						(unsigned long long)batch_public(item->batch)->sequence);
		else
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%send", blank);
		queue_item_done(item);
	}
	assert_string_equal(text, expected);
}

static void batch_goes_to_every_route_that_carries_its_schema(void **state)
{
	struct queue *a = test_queue(), *b = test_queue();
	struct emitter *e = make_emitter();

	(void)state;
	set_table(e, test_route(a), test_route(b, .schemas = "hearth.metrics/1"));
	assert_int_equal(emit(e, 1), 0);
	assert_int_equal(emit_schema(e, "hearth.metrics/1", 1, 10), 0);
	assert_int_equal(emit_schema(e, "hearth.artifact/1", 1, 10), 0);
	assert_int_equal(emitter_sequence(e), 3);
	assert_inbox(a, "0");
	assert_inbox(b, "1");
	emitter_free(e);
	test_queue_free(a);
	test_queue_free(b);
}

static void refused_for_want_of_room_leaves_no_trace(void **state)
{
	struct queue *full = test_queue(), *other = test_queue();
	struct emitter *e = make_emitter();
	struct test_memory m = {};
	const struct hearth_segment s = test_segment(&m, 10);
	const struct hearth_emission emission = test_emission(&s, 1);

	(void)state;
	set_table(e, test_route(full, .limit_bytes = 10, .is_lossless = true), test_route(other));
	assert_true(emitter_is_writable(e));
	assert_int_equal(emit(e, 1), 0);
	assert_false(emitter_is_writable(e));
	assert_int_equal(emitter_emit(e, &emission), -EAGAIN);
	assert_int_equal(m.n_released, 1); /* taken all the same */
	assert_inbox(full, "0");
	assert_true(emitter_is_writable(e));
	assert_int_equal(emit(e, 1), 0);
	assert_inbox(full, "1"); /* without a gap */
	assert_inbox(other, "0 1");
	emitter_free(e);
	test_queue_free(full);
	test_queue_free(other);
}

static void lossless_route_of_another_schema_is_not_waited_for(void **state)
{
	struct queue *q = test_queue();
	struct emitter *e = make_emitter();

	(void)state;
	set_table(e, test_route(q, .limit_bytes = 10, .is_lossless = true), NULL);
	assert_int_equal(emit(e, 1), 0);
	assert_int_equal(emit_schema(e, "hearth.metrics/1", 1, 10), 0);
	assert_int_equal(emit(e, 1), -EAGAIN);
	emitter_free(e);
	test_queue_free(q);
}

static void writable_holds_whatever_the_size_of_the_next_batch(void **state)
{
	struct queue *q = test_queue();
	struct emitter *e = make_emitter();

	(void)state;
	set_table(e, test_route(q, .limit_bytes = 100, .is_lossless = true), NULL);
	assert_int_equal(emit_schema(e, TEST_SCHEMA, 1, 90), 0);
	assert_true(emitter_is_writable(e));
	assert_int_equal(emit_schema(e, TEST_SCHEMA, 1, 4000), 0);
	assert_false(emitter_is_writable(e));
	emitter_free(e);
	test_queue_free(q);
}

static void swap_keeps_what_stays_and_ends_what_goes(void **state)
{
	struct queue *stays = test_queue(), *goes = test_queue(), *comes = test_queue();
	struct emitter *e = make_emitter();
	struct route *kept = test_route(stays);

	(void)state;
	set_table(e, kept, test_route(goes));
	assert_int_equal(emit(e, 1), 0);
	set_table(e, route_ref(kept), test_route(comes));
	assert_int_equal(emit(e, 1), 0);
	assert_inbox(stays, "0 1");
	assert_inbox(goes, "0 end");
	assert_inbox(comes, "1");
	emitter_free(e);
	test_queue_free(stays);
	test_queue_free(goes);
	test_queue_free(comes);
}

static void closing_ends_every_stream_once(void **state)
{
	struct queue *q = test_queue(), *late = test_queue();
	struct emitter *e = make_emitter();
	struct test_memory m = {};
	const struct hearth_segment s = test_segment(&m, 10);
	const struct hearth_emission emission = test_emission(&s, 1);

	(void)state;
	set_table(e, test_route(q), NULL);
	assert_int_equal(emit(e, 1), 0);
	emitter_close(e);
	emitter_close(e);
	assert_int_equal(emitter_emit(e, &emission), -EPIPE);
	assert_int_equal(m.n_released, 1);
	assert_int_equal(emitter_sequence(e), 1);
	assert_inbox(q, "0 end");
	set_table(e, test_route(late), NULL);
	assert_inbox(late, "end");
	emitter_free(e);
	assert_inbox(q, "");
	assert_inbox(late, "");
	test_queue_free(q);
	test_queue_free(late);
}

static void freeing_ends_the_streams(void **state)
{
	struct queue *q = test_queue();
	struct emitter *e = make_emitter();

	(void)state;
	set_table(e, test_route(q), NULL);
	emitter_free(e);
	assert_inbox(q, "end");
	test_queue_free(q);
}

static void dropping_a_target_ends_nothing(void **state)
{
	struct queue *stuck = test_queue(), *other = test_queue();
	struct emitter *e = make_emitter();

	(void)state;
	set_table(e, test_route(stuck), test_route(other));
	emitter_drop_target(e, stuck);
	assert_int_equal(emit(e, 1), 0);
	assert_inbox(stuck, "");
	assert_inbox(other, "0");
	emitter_free(e);
	test_queue_free(stuck);
	test_queue_free(other);
}

static void count_room(void *ctx)
{
	++*(int *)ctx;
}

/* Else a finite source would wait for ever for a sink that is not there any more. */
static void losing_the_route_that_it_waits_for_wakes_the_emitter(void **state)
{
	(void)state;
	for (int is_swap = 0; is_swap < 2; is_swap++) {
		struct queue *q = test_queue();
		struct emitter *e = make_emitter();
		int n = 0;

		set_table(e, test_route(q, .limit_bytes = 10, .is_lossless = true,
					.on_room = count_room, .ctx = &n), NULL);
		assert_int_equal(emit(e, 1), 0);
		assert_int_equal(emit(e, 1), -EAGAIN);
		if (is_swap)
			set_table(e, NULL, NULL);
		else
			emitter_drop_target(e, q);
		assert_int_equal(n, 1);
		assert_int_equal(emit(e, 1), 0);
		emitter_free(e);
		test_queue_free(q);
	}
}

static void route_is_found_only_if_it_is_as_asked(void **state)
{
	struct queue *q = test_queue();
	struct emitter *e = make_emitter();
	struct route *r = test_route(q, .limit_bytes = 100), *found;
	struct route_options options = { .schemas = TEST_SCHEMA, .limit_bytes = 100 };

	(void)state;
	set_table(e, r, NULL);
	found = emitter_find_route(e, q, &options);
	assert_ptr_equal(found, r);
	route_unref(found);
	options.limit_bytes = 200;
	assert_null(emitter_find_route(e, q, &options));
	emitter_free(e);
	test_queue_free(q);
}

struct reentrant {
	struct emitter *emitter;
	int n_asked;
};

/* What a plugin's release function may do: call the host. */
static void ask_when_released(void *ctx)
{
	struct reentrant *x = ctx;

	x->n_asked++;
	(void)emitter_is_writable(x->emitter);
}

static void release_may_call_the_host(void **state)
{
	struct queue *q = test_queue();
	struct emitter *e = make_emitter();
	struct reentrant x = { e, 0 };
	const char bytes[90] = "";
	const struct hearth_segment s = { bytes, sizeof(bytes), ask_when_released, &x };
	struct hearth_emission emission = test_emission(&s, 1);

	(void)state;
	set_table(e, test_route(q, .limit_bytes = 100), NULL);
	assert_int_equal(emitter_emit(e, &emission), 0);
	assert_int_equal(emitter_emit(e, &emission), 0); /* pushes out the first */
	assert_int_equal(x.n_asked, 1);
	emission.schema = NULL;
	assert_int_equal(emitter_emit(e, &emission), -EINVAL);
	assert_int_equal(x.n_asked, 2);
	queue_close(q);
	assert_int_equal(x.n_asked, 3);
	emitter_free(e);
	queue_unref(q);
}

static void count_tapped(void *ctx, struct batch *b)
{
	*(uint64_t *)ctx += batch_public(b)->n_items;
}

static void tap_sees_what_goes_out_and_nothing_else(void **state)
{
	struct queue *q = test_queue();
	struct emitter *e = NULL;
	uint64_t n = 0;

	(void)state;
	assert_int_equal(emitter_new("from", "", count_tapped, &n, &e), 0);
	set_table(e, test_route(q, .limit_bytes = 10, .is_lossless = true), NULL);
	assert_int_equal(emit(e, 1), 0);
	assert_int_equal(emit(e, 2), -EAGAIN);
	emitter_close(e);
	assert_int_equal(emit(e, 4), -EPIPE);
	assert_int_equal(n, 1);
	emitter_free(e);
	test_queue_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batch_goes_to_every_route_that_carries_its_schema),
		cmocka_unit_test(refused_for_want_of_room_leaves_no_trace),
		cmocka_unit_test(lossless_route_of_another_schema_is_not_waited_for),
		cmocka_unit_test(writable_holds_whatever_the_size_of_the_next_batch),
		cmocka_unit_test(swap_keeps_what_stays_and_ends_what_goes),
		cmocka_unit_test(closing_ends_every_stream_once),
		cmocka_unit_test(freeing_ends_the_streams),
		cmocka_unit_test(dropping_a_target_ends_nothing),
		cmocka_unit_test(losing_the_route_that_it_waits_for_wakes_the_emitter),
		cmocka_unit_test(route_is_found_only_if_it_is_as_asked),
		cmocka_unit_test(release_may_call_the_host),
		cmocka_unit_test(tap_sees_what_goes_out_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
