/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/stage.h"

#include <jansson.h>

#include "stat/counter.h"

static void host_says_who_and_where_the_instance_is(void **state)
{
	struct stage *s = *state;
	const struct hearth_host *h;

	stage_start(s, "{}");
	h = probe.host;
	assert_int_equal(h->size, sizeof(*h));
	assert_string_equal(h->instance, "probe#7");
	assert_string_equal(h->run, "run-1");
	assert_int_equal(h->n_labels, 1);
	assert_int_equal(h->label_stride, sizeof(struct hearth_label));
	assert_string_equal(h->labels[0].key, "service.name");
	assert_string_equal(h->labels[0].value, "test");
	assert_ptr_equal(instance_from_host(h), s->instance);
}

static int32_t read_options(const struct hearth_host *h)
{
	const struct hearth_label *map;
	const char *const *list;
	size_t n;

	if (h->option_int(h, "size") != 8 || !str_equal(h->option_string(h, "note"), "none"))
		return -EINVAL;
	if (!h->option_is_set(h, "size") || h->option_is_set(h, "names") == h->option_is_set(h, "size"))
		return -EDOM;
	list = h->option_list(h, "names", &n);
	if (n != 0 || (list && *list))
		return -ERANGE;
	map = h->option_map(h, "labels", &n);
	return n == 1 && str_equal(map[0].key, "a") && str_equal(map[0].value, "b") ? 0 : -ENOMSG;
}

static void options_are_read_by_their_names(void **state)
{
	struct stage *s = *state;

	probe.create = read_options;
	stage_start(s, "size: 8\nlabels: { a: b }\n");
}

static void assert_reports(struct stage *s, const char *expected)
{
	json_t *reports = instance_reports(s->instance);
	char *text = json_dumps(reports, JSON_COMPACT | JSON_SORT_KEYS);

	assert_string_equal(text, expected);
	free(text);
	json_decref(reports);
}

static void reports_are_kept_by_key_and_replaced(void **state)
{
	struct stage *s = *state;
	const struct hearth_host *h;

	stage_start(s, "{}");
	h = probe.host;
	assert_reports(s, "{}");
	assert_int_equal(h->report(h, "list", "[1, 2]"), 0);
	assert_int_equal(h->report(h, "event", "\"cpu-clock\""), 0);
	assert_int_equal(h->report(h, "list", "[3]"), 0);
	assert_int_equal(h->report(h, "a.b", "null"), 0);
	assert_reports(s, "{\"a.b\":null,\"event\":\"cpu-clock\",\"list\":[3]}");
}

static void report_that_is_no_json_is_refused(void **state)
{
	static const char *const cases[] = { "", "{", "nonsense", "[1] [2]", "\"\xff\"" };
	struct stage *s = *state;
	const struct hearth_host *h;

	stage_start(s, "{}");
	h = probe.host;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(h->report(h, "key", cases[i]), -EINVAL);
	assert_int_equal(h->report(h, "\xff", "1"), -EINVAL);
	assert_reports(s, "{}");
}

static void counters_add_up_by_name(void **state)
{
	struct stage *s = *state;
	const struct hearth_host *h;

	stage_start(s, "{}");
	h = probe.host;
	h->count(h, "samples_taken", 3);
	h->count(h, "samples_taken", 4);
	h->count(h, "samples_lost.ring full", 1);
	assert_int_equal(counters_value(instance_counters(s->instance), "samples_taken"), 7);
	assert_int_equal(counters_value(instance_counters(s->instance), "samples_lost.ring full"), 1);
}

static const void *give_service(void *ctx, const char *id)
{
	(void)ctx;
	return str_equal(id, "test.service/1") ? &probe_plugin : NULL;
}

static void service_is_found_by_its_id(void **state)
{
	struct stage *s = *state;

	s->env.service = give_service;
	stage_start(s, "{}");
	assert_ptr_equal(probe.host->service(probe.host, "test.service/1"), &probe_plugin);
	assert_null(probe.host->service(probe.host, "test.service/2"));
}

static void host_without_services_has_none(void **state)
{
	struct stage *s = *state;

	stage_start(s, "{}");
	assert_null(probe.host->service(probe.host, "test.service/1"));
}

static void malformed_emission_is_refused_and_taken(void **state)
{
	struct {
		struct hearth_emission ours;
		uint64_t of_a_newer_minor;
	} longer = {};
	struct stage *s = *state;
	atomic_bool is_released = false;
	const struct hearth_segment segment = { "x", 1, stage_set, &is_released };

	stage_start(s, "{}");
	longer.ours = (struct hearth_emission){ .size = sizeof(longer), .schema = PROBE_SCHEMA,
						.segments = &segment, .n_segments = 1,
						.segment_stride = sizeof(segment) };
	longer.of_a_newer_minor = 1;
	assert_int_equal(probe.host->emit(probe.host, &longer.ours), -EINVAL);
	assert_true(is_released);

	is_released = false;
	longer.of_a_newer_minor = 0; /* a longer struct that uses nothing we do not know */
	assert_int_equal(probe.host->emit(probe.host, &longer.ours), 0);
	assert_true(is_released);
}

static const struct hearth_batch *retained;

static int32_t retain(const struct hearth_host *h, const struct hearth_batch *b)
{
	h->batch_retain(h, b);
	retained = b;
	return 0;
}

static void retained_batch_outlives_consume(void **state)
{
	struct stage *s = *state;
	struct emitter *feed;

	probe.consume = retain;
	stage_start(s, "{}");
	feed = stage_feed(s, NULL);
	assert_int_equal(stage_emit(feed, 5), 0);
	emitter_free(feed);
	stage_wait_events(s, "finished");
	assert_string_equal(retained->schema, PROBE_SCHEMA);
	assert_int_equal(((const char *)retained->segments[0].data)[0], 0);
	probe.host->batch_release(probe.host, retained);
}

static void clock_is_the_hosts(void **state)
{
	struct stage *s = *state;

	stage_start(s, "{}");
	clock_fake(42, 1);
	assert_int_equal(probe.host->now_ns(probe.host), 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		stage_test(host_says_who_and_where_the_instance_is),
		stage_test(options_are_read_by_their_names),
		stage_test(reports_are_kept_by_key_and_replaced),
		stage_test(report_that_is_no_json_is_refused),
		stage_test(counters_add_up_by_name),
		stage_test(service_is_found_by_its_id),
		stage_test(host_without_services_has_none),
		stage_test(malformed_emission_is_refused_and_taken),
		stage_test(retained_batch_outlives_consume),
		stage_test(clock_is_the_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
