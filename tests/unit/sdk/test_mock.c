/* SPDX-License-Identifier: Apache-2.0 */
/* The mock host is trusted by every plugin's tests, so it is tested itself. */
#include <hearth/flat_builder.h>
#include <hearth/mock.h>

#include "test.h"

struct echo {
	const struct hearth_host *host;
	const struct hearth_batch *kept;
	int timers, wakes, writable;
};

static struct echo echo;

static int32_t echo_create(const struct hearth_host *h, void **ret)
{
	echo = (struct echo){ .host = h };
	if (h->option_int(h, "interval") == 0)
		return h->refuse(h, "interval", "must not be 0");
	*ret = &echo;
	return 0;
}

static int32_t echo_consume(void *instance, const struct hearth_batch *b)
{
	struct echo *e = instance;
	struct hearth_flat_builder builder;
	struct hearth_flat f;
	int32_t r = hearth_flat_open(&f, b);

	if (r < 0)
		return r;
	hearth_flat_init(&builder);
	hearth_flat_derive(&builder, &f);
	hearth_flat_intern_string(&builder, "echo");
	r = hearth_flat_emit(&builder, e->host, b->schema, &f);
	hearth_flat_done(&builder);
	return r;
}

static int32_t keep_consume(void *instance, const struct hearth_batch *b)
{
	struct echo *e = instance;

	e->kept = b;
	e->host->batch_retain(e->host, b);
	return 0;
}

static void echo_on_timer(void *instance, uint32_t id)
{
	struct echo *e = instance;

	assert_int_equal(id, 3);
	e->timers++;
	e->host->wake(e->host);
}

static void echo_on_wake(void *instance)
{
	((struct echo *)instance)->wakes++;
}

static void echo_on_writable(void *instance)
{
	((struct echo *)instance)->writable++;
}

static const struct hearth_option options[] = {
	{ .name = "interval", .type = HEARTH_DURATION, .def = "1h30m", .min = 0, .max = INT64_MAX },
	{ .name = "size", .type = HEARTH_BYTES, .def = "64MiB" },
	{ .name = "share", .type = HEARTH_PERCENT, .def = "0.5%" },
	{ .name = "n", .type = HEARTH_INT, .def = "19", .min = 1, .max = 100 },
	{ .name = "on", .type = HEARTH_BOOL },
	{ .name = "path", .type = HEARTH_STRING },
	{ .name = "formats", .type = HEARTH_LIST, .def = "[folded, html]" },
	{ .name = "labels", .type = HEARTH_MAP, .def = "a=b,c=d" },
	{ .name = "kind", .type = HEARTH_CHOICE, .def = "fast", .choices = "fast|slow" },
};

static const struct hearth_component component = {
	.size = sizeof(component), .kind = HEARTH_PROCESSOR, .name = "echo",
	.options = options, .n_options = ARRAY_SIZE(options), .option_stride = sizeof(options[0]),
	.create = echo_create, .consume = echo_consume, .on_timer = echo_on_timer,
	.on_wake = echo_on_wake, .on_writable = echo_on_writable,
};

static void emit_one(struct hearth_mock *m, const char *text)
{
	struct hearth_flat_builder b;

	hearth_flat_init(&b);
	hearth_flat_intern_string(&b, text);
	assert_int_equal(hearth_flat_emit(&b, &m->host, "test/1", NULL), 0);
	hearth_flat_done(&b);
}

TEST(options_have_their_defaults)
{
	struct hearth_mock m;
	size_t n;

	hearth_mock_init(&m, &component);
	assert_int_equal(m.host.option_int(&m.host, "interval"), 5400000000000);
	assert_int_equal(m.host.option_int(&m.host, "size"), 64 << 20);
	assert_int_equal(m.host.option_int(&m.host, "share"), 5000);
	assert_int_equal(m.host.option_int(&m.host, "n"), 19);
	assert_false(m.host.option_is_set(&m.host, "on"));
	assert_null(m.host.option_string(&m.host, "path"));
	assert_string_equal(m.host.option_list(&m.host, "formats", &n)[1], "html");
	assert_int_equal(n, 2);
	assert_string_equal(m.host.option_map(&m.host, "labels", &n)[1].value, "d");
	assert_int_equal(n, 2);
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(a_value_of_the_wrong_type_or_range_is_refused)
{
	static const char *const bad[] = { "n=0", "n=101", "n=x", "size=1parsec", "kind=slo",
					   "kind=", "labels=novalue", "nosuch=1", "interval=" };
	struct hearth_mock m;

	hearth_mock_init(&m, &component);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(hearth_mock_set(&m, bad[i]), -EINVAL);
	assert_int_equal(hearth_mock_set(&m, "kind=slow"), 0);
	assert_string_equal(m.host.option_string(&m.host, "kind"), "slow");
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(a_refused_option_is_kept_to_be_looked_at)
{
	struct hearth_mock m;

	hearth_mock_init(&m, &component);
	assert_int_equal(hearth_mock_set(&m, "interval=0"), 0);
	assert_int_equal(hearth_mock_create(&m), -EINVAL);
	assert_string_equal(m.refused, "interval");
	assert_string_equal(m.refused_why, "must not be 0");
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(a_derived_batch_outlives_its_parent)
{
	struct hearth_mock source, m;
	struct hearth_flat f;

	hearth_mock_init(&source, NULL);
	hearth_mock_init(&m, &component);
	emit_one(&source, "first");
	assert_int_equal(hearth_mock_create(&m), 0);
	assert_int_equal(hearth_mock_feed(&m, hearth_mock_emitted(&source, 0)), 0);
	assert_int_equal(hearth_mock_done(&source), 0);
	assert_int_equal(hearth_mock_emitted(&m, 0)->n_segments, 2);
	assert_int_equal(hearth_flat_open(&f, hearth_mock_emitted(&m, 0)), 0);
	assert_string_equal(hearth_flat_string(&f, 1), "first");
	assert_string_equal(hearth_flat_string(&f, 2), "echo");
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(a_batch_that_is_never_released_is_counted)
{
	struct hearth_component keeper = component;
	struct hearth_mock source, m;

	keeper.consume = keep_consume;
	hearth_mock_init(&source, NULL);
	hearth_mock_init(&m, &keeper);
	emit_one(&source, "kept");
	assert_int_equal(hearth_mock_create(&m), 0);
	assert_int_equal(hearth_mock_feed(&m, hearth_mock_emitted(&source, 0)), 0);
	assert_int_equal(m.n_live, 1);
	m.host.batch_release(&m.host, echo.kept);
	assert_int_equal(hearth_mock_done(&m), 0);
	assert_int_equal(hearth_mock_done(&source), 0);
}

TEST(a_full_route_answers_eagain_until_there_is_room)
{
	struct hearth_mock source, m;

	hearth_mock_init(&source, NULL);
	hearth_mock_init(&m, &component);
	emit_one(&source, "x");
	assert_int_equal(hearth_mock_create(&m), 0);
	m.room = 0;
	assert_int_equal(m.host.writable(&m.host), 0);
	assert_int_equal(hearth_mock_feed(&m, hearth_mock_emitted(&source, 0)), -EAGAIN);
	hearth_mock_make_room(&m, 1);
	assert_int_equal(echo.writable, 1);
	assert_int_equal(hearth_mock_feed(&m, hearth_mock_emitted(&source, 0)), 0);
	assert_int_equal(hearth_mock_feed(&m, hearth_mock_emitted(&source, 0)), -EAGAIN);
	assert_int_equal(m.n_emitted, 1);
	assert_int_equal(hearth_mock_done(&m), 0);
	assert_int_equal(hearth_mock_done(&source), 0);
}

TEST(timers_fire_at_their_time)
{
	struct hearth_mock m;

	hearth_mock_init(&m, &component);
	assert_int_equal(hearth_mock_create(&m), 0);
	assert_int_equal(m.host.set_timer(&m.host, 3, HEARTH_MOCK_SECOND, HEARTH_MOCK_SECOND), 0);
	hearth_mock_advance(&m, HEARTH_MOCK_SECOND - 1);
	assert_int_equal(echo.timers, 0);
	hearth_mock_advance(&m, 2 * HEARTH_MOCK_SECOND + 1);
	assert_int_equal(echo.timers, 3);
	assert_int_equal(echo.wakes, 3);
	assert_int_equal(m.host.set_timer(&m.host, 3, 0, 0), 0);
	hearth_mock_advance(&m, 10 * HEARTH_MOCK_SECOND);
	assert_int_equal(echo.timers, 3);
	assert_int_equal(m.host.set_timer(&m.host, HEARTH_MOCK_TIMERS, 1, 1), -EINVAL);
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(what_is_told_is_kept)
{
	struct hearth_mock m;
	int service = 0;

	hearth_mock_init(&m, &component);
	hearth_mock_provide(&m, "test.service/1", &service);
	assert_ptr_equal(m.host.service(&m.host, "test.service/1"), &service);
	assert_null(m.host.service(&m.host, "test.service/2"));
	m.host.count(&m.host, "a", 2);
	m.host.count(&m.host, "a", 3);
	assert_int_equal(hearth_mock_counter(&m, "a"), 5);
	m.host.report(&m.host, "key", "1");
	m.host.report(&m.host, "key", "2");
	assert_string_equal(hearth_mock_reported(&m, "key"), "2");
	m.host.log(&m.host, HEARTH_LOG_INFO, "hello there");
	assert_string_equal(hearth_mock_logged(&m, "there"), "hello there");
	m.host.watch_fd(&m.host, 7, 1);
	assert_int_equal(hearth_mock_watched(&m, 7), 1);
	m.host.watch_fd(&m.host, 7, 0);
	assert_int_equal(hearth_mock_watched(&m, 7), 0);
	m.host.fail(&m.host, "first");
	m.host.fail(&m.host, "second");
	assert_string_equal(m.failure, "first");
	m.host.finished(&m.host);
	assert_int_equal(m.n_finished, 1);
	assert_int_equal(hearth_mock_done(&m), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_have_their_defaults),
		cmocka_unit_test(a_value_of_the_wrong_type_or_range_is_refused),
		cmocka_unit_test(a_refused_option_is_kept_to_be_looked_at),
		cmocka_unit_test(a_derived_batch_outlives_its_parent),
		cmocka_unit_test(a_batch_that_is_never_released_is_counted),
		cmocka_unit_test(a_full_route_answers_eagain_until_there_is_room),
		cmocka_unit_test(timers_fire_at_their_time),
		cmocka_unit_test(what_is_told_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
