/* SPDX-License-Identifier: Apache-2.0 */
/* Which events share a file, and what a reader without event descriptions takes them for. */
#include <linux/perf_event.h>
#include <string.h>

#include "common/test_profile.h"
#include "events.h"

static struct event event(const char *name, uint64_t period, bool has_period)
{
	struct event e = { .period = period, .has_period = has_period };

	strncpy(e.name, name, sizeof(e.name) - 1);
	return e;
}

static uint64_t id_of(struct events *e, const struct event *wanted, bool can_mix)
{
	bool is_new;
	const struct event *row = events_find(e, wanted, can_mix, &is_new);

	return row ? row->id : 0;
}

TEST(an_event_keeps_its_id)
{
	struct event clock = event("cpu-clock", 1000, false), faults = event("page-faults", 1, false);
	struct events e = { .n = 0 };

	assert_int_equal(id_of(&e, &clock, false), 1);
	assert_int_equal(id_of(&e, &faults, false), 2);
	assert_int_equal(id_of(&e, &clock, false), 1);
}

TEST(another_period_takes_another_file_unless_there_is_none)
{
	struct event fast = event("cpu-clock", 1000, false), slow = event("cpu-clock", 2000, false);
	struct events e = { .n = 0 };

	assert_int_equal(id_of(&e, &fast, false), 1);
	assert_int_equal(id_of(&e, &slow, false), 0);
	assert_int_equal(id_of(&e, &slow, true), 2);
	assert_int_equal(id_of(&e, &fast, true), 1);
}

TEST(where_samples_say_their_period_any_will_do)
{
	struct event each = event("cycles", 1, true), all = event("cycles", 2000, false);
	struct events e = { .n = 0 };

	assert_int_equal(id_of(&e, &each, false), 1);
	assert_int_equal(id_of(&e, &all, false), 1);
}

TEST(all_samples_of_a_file_are_laid_out_alike)
{
	struct event clock = event("cpu-clock", 1000, false), cycles = event("cycles", 1, true);
	struct events e = { .n = 0 }, f = { .n = 0 };

	assert_int_equal(id_of(&e, &clock, false), 1);
	assert_int_equal(id_of(&e, &cycles, false), 0);
	assert_int_equal(id_of(&f, &cycles, false), 1);
	assert_int_equal(id_of(&f, &clock, false), 2);
	assert_true(f.rows[1].has_period);
}

TEST(a_file_has_room_for_so_many)
{
	struct events e = { .n = 0 };

	for (char name[] = "a"; *name < 'a' + EVENTS_MAX; ++*name) {
		struct event one = event(name, 1, false);

		assert_int_not_equal(id_of(&e, &one, true), 0);
	}
	assert_int_equal(id_of(&e, &(struct event){ .name = "more" }, true), 0);
}

TEST(a_name_says_what_kind_of_event_it_is)
{
	static const struct {
		const char *name;
		uint32_t type, config;
		bool no_kernel, no_user;
	} kinds[] = {
		{ "cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, false, false },
		{ "page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, false, false },
		{ "cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, false, false },
		{ "instructions:u", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, true, false },
		{ "branch-misses:kpp", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES, false, true },
		{ "sched:sched_switch", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_BPF_OUTPUT, false, false },
		{ "cpu", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_BPF_OUTPUT, false, false },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct event e = event(kinds[i].name, 1, false);
		struct perf_event_attr attr = {};

		event_write_attr(&e, (uint8_t *)&attr);
		assert_int_equal(attr.type, kinds[i].type);
		assert_int_equal(attr.config, kinds[i].config);
		assert_int_equal(attr.exclude_kernel, kinds[i].no_kernel);
		assert_int_equal(attr.exclude_user, kinds[i].no_user);
	}
}

static struct event of_samples(const struct hearth_sample *samples, size_t n, uint64_t period)
{
	struct test_profile p;
	struct hearth_flat flat;
	struct event e;

	test_profile_begin(&p);
	p.info.event = hearth_flat_intern_string(&p.b, "cycles");
	p.info.period = period;
	for (size_t i = 0; i < n; i++)
		hearth_build_sample(&p.b, &samples[i]);
	assert_int_equal(hearth_profile_open(&flat, test_profile_end(&p)), 0);
	assert_int_equal(event_of_batch(&flat, &e), 0);
	test_profile_done(&p);
	return e;
}

TEST(a_period_that_all_samples_have_is_said_once)
{
	const struct hearth_sample alike[] = { { .value = 1 }, { .value = 1 } };
	const struct hearth_sample own[] = { { .value = 1 }, { .value = 1, .period = 77 } };
	const struct hearth_sample many[] = { { .value = 1 }, { .value = 3 } };
	struct event e = of_samples(alike, 2, 1000);

	assert_false(e.has_period);
	assert_int_equal(e.period, 1000);
	assert_true(of_samples(own, 2, 1000).has_period);
	assert_int_equal(event_period(&e, &own[1]), 77);
	assert_true(of_samples(many, 2, 1000).has_period);
	assert_int_equal(event_period(&e, &many[1]), 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_keeps_its_id),
		cmocka_unit_test(another_period_takes_another_file_unless_there_is_none),
		cmocka_unit_test(where_samples_say_their_period_any_will_do),
		cmocka_unit_test(all_samples_of_a_file_are_laid_out_alike),
		cmocka_unit_test(a_file_has_room_for_so_many),
		cmocka_unit_test(a_name_says_what_kind_of_event_it_is),
		cmocka_unit_test(a_period_that_all_samples_have_is_said_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
