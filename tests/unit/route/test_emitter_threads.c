/* SPDX-License-Identifier: Apache-2.0 */
/* Emitting from several threads while the table is swapped: run it under ThreadSanitizer, too. */
#include "unit/route/emitter_fixture.h"

#include <pthread.h>
#include <sched.h>

enum { EMITTERS = 3, EMISSIONS = 1000, SWAPS = 300 };

struct emission_thread {
	pthread_t thread;
	struct emitter *emitter;
};

static void *emit_many(void *ctx)
{
	struct emission_thread *t = ctx;

	for (int i = 0; i < EMISSIONS; i++)
		while (emit(t->emitter, 1) == -EAGAIN)
			sched_yield();
	return NULL;
}

struct consumer {
	pthread_t thread;
	struct queue *queue;
	atomic_bool is_over;
	uint64_t received, next;
	bool is_in_order;
};

static void *consume_all(void *ctx)
{
	struct consumer *c = ctx;

	c->is_in_order = true;
	for (;;) {
		bool is_over = c->is_over;
		struct queue_item *item = queue_pop(c->queue);

		if (!item && is_over)
			return NULL;
		if (!item) {
			sched_yield();
			continue;
		}
		if (item->kind == QUEUE_BATCH) {
			c->is_in_order &= batch_public(item->batch)->sequence >= c->next;
			c->next = batch_public(item->batch)->sequence + 1;
			c->received++;
		}
		queue_item_done(item);
	}
}

static void consumer_start(struct consumer *c)
{
	c->queue = test_queue();
	assert_int_equal(pthread_create(&c->thread, NULL, consume_all, c), 0);
}

/* What the queue dropped of what came. */
static uint64_t consumer_end(struct consumer *c)
{
	struct queue_stats s;

	c->is_over = true;
	pthread_join(c->thread, NULL);
	queue_stats(c->queue, &s);
	test_queue_free(c->queue);
	return s.dropped_full + s.dropped_closed;
}

static void assert_nothing_lost_uncounted(bool is_lossless)
{
	struct consumer a = {}, b = {};
	struct emission_thread threads[EMITTERS];
	struct emitter *e = make_emitter();
	uint64_t dropped;

	consumer_start(&a);
	consumer_start(&b);
	set_table(e, test_route(a.queue, .limit_bytes = 50, .is_lossless = is_lossless), NULL);
	for (int i = 0; i < EMITTERS; i++) {
		threads[i] = (struct emission_thread){ .emitter = e };
		assert_int_equal(pthread_create(&threads[i].thread, NULL, emit_many, &threads[i]), 0);
	}
	for (int i = 0; i < SWAPS; i++)
		set_table(e, test_route(i % 2 ? a.queue : b.queue, .limit_bytes = 50,
					.is_lossless = is_lossless), NULL);
	for (int i = 0; i < EMITTERS; i++)
		pthread_join(threads[i].thread, NULL);
	assert_int_equal(emitter_sequence(e), EMITTERS * EMISSIONS);
	emitter_free(e);
	dropped = consumer_end(&a) + consumer_end(&b);
	assert_int_equal(a.received + b.received + dropped, EMITTERS * EMISSIONS);
	if (is_lossless)
		assert_int_equal(dropped, 0);
	assert_true(a.is_in_order);
	assert_true(b.is_in_order);
}

static void live_batches_are_delivered_or_counted_while_tables_are_swapped(void **state)
{
	(void)state;
	assert_nothing_lost_uncounted(false);
}

static void lossless_batches_are_delivered_while_tables_are_swapped(void **state)
{
	(void)state;
	assert_nothing_lost_uncounted(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(live_batches_are_delivered_or_counted_while_tables_are_swapped),
		cmocka_unit_test(lossless_batches_are_delivered_while_tables_are_swapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
