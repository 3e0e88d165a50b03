/* SPDX-License-Identifier: Apache-2.0 */
/* What changes while it samples, without beginning anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_live.h"

/* Of windows with the first period, and others with the second behind them; those are looked into. */
static unsigned int n_of_period(const struct hearth_mock *m, struct family *family, uint64_t first,
				uint64_t second)
{
	unsigned int n = 0;

	for (size_t i = 0; i < m->n_emitted; i++) {
		struct hearth_flat f = {};
		uint64_t period;

		assert_int_equal(hearth_profile_open(&f, hearth_mock_emitted(m, i)), 0);
		period = hearth_profile_info(&f).period;
		n += n == 0 || (n == 1 && period != first);
		assert_int_equal(period, n == 1 ? first : second);
		if (n == 2)
			each_sample_of(&f, add_family, family);
	}
	return n;
}

static void rate_and_pids_change_without_a_new_program(void **state)
{
	static const char *const settings[] = { "frequency=100", "window=10s", NULL };
	pid_t child = start_child(burn_deep), other = start_child(burn_deep);
	struct family family = { .parent = (uint32_t)child, .stranger = (uint32_t)other };
	struct hearth_mock m;
	char pids[32];
	int poll_fd;

	(void)state;
	begin(&m, settings);
	poll_fd = m.fds[0].fd;
	run_for(&m, NS_PER_S / 2);
	snprintf(pids, sizeof(pids), "pids=%d", child);
	assert_int_equal(hearth_mock_set(&m, "frequency=1000"), 0);
	assert_int_equal(hearth_mock_set(&m, pids), 0);
	m.now_ns = monotonic_ns();
	assert_int_equal(cpu_sampler.update(m.instance), 0);
	assert_int_equal(m.fds[0].fd, poll_fd);
	run_until_it_ran(&m, child, NS_PER_S / 10);
	finish(&m);
	assert_int_equal(n_of_period(&m, &family, 10000000, 1000000), 2);
	assert_true(family.n_parent > 20);
	assert_int_equal(family.n_strangers, 0);
	end(&m);
	end_child(child);
	end_child(other);
}

/* Samples of the windows that say so; no other has the period. */
static uint64_t taken_reduced(const struct hearth_mock *m, uint64_t period)
{
	uint64_t taken = 0;

	for (size_t i = 0; i < m->n_emitted; i++) {
		struct hearth_profile_info info;
		struct hearth_flat f = {};

		assert_int_equal(hearth_profile_open(&f, hearth_mock_emitted(m, i)), 0);
		info = hearth_profile_info(&f);
		assert_int_equal(info.flags, info.period == period ? HEARTH_PROFILE_REDUCED : 0);
		taken += info.period == period ? info.samples_taken : 0;
	}
	return taken;
}

static void the_budget_lowers_the_rate_and_the_window_says_so(void **state)
{
	static const char *const settings[] = { "frequency=1000", NULL };
	pid_t child = start_child(burn_deep);
	struct hearth_mock m;
	uint64_t from_ns, most;

	(void)state;
	begin(&m, settings);
	run_for(&m, NS_PER_S / 5);
	m.now_ns = from_ns = monotonic_ns();
	cpu_sampler.on_budget(m.instance, 100);
	run_for(&m, NS_PER_S);
	finish(&m);
	/* Every CPU at 100 Hz for as long as this took, and a tenth more. */
	most = (monotonic_ns() - from_ns) * 110 / NS_PER_S * (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	assert_in_range(taken_reduced(&m, 10000000), 20, most);
	end(&m);
	end_child(child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rate_and_pids_change_without_a_new_program),
		cmocka_unit_test(the_budget_lowers_the_rate_and_the_window_says_so),
	};

	return cmocka_run_group_tests(tests, needs_root, NULL);
}
