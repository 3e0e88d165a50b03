/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sampler on the real kernel, under the mock host: what it counts must agree with what the
 * scheduler counted. Needs root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <sys/mount.h>

#include "test_live.h"

struct share {
	uint32_t pid;
	uint64_t from_ns, to_ns, n, deep;
};

static void add_share(void *ctx, const struct hearth_flat *f, const struct hearth_sample *s)
{
	struct share *share = ctx;
	struct hearth_stack stack = hearth_profile_stack(f, s->stack);
	uint32_t n_burn = 0;

	if (process_of(f, s).pid != share->pid || s->time_ns < share->from_ns ||
	    s->time_ns >= share->to_ns)
		return;
	share->n++;
	for (uint32_t i = 0; i < stack.count; i++) {
		struct hearth_frame frame =
			hearth_profile_frame(f, hearth_profile_stack_frame(f, &stack, i));

		n_burn += frame.address - (uint64_t)(uintptr_t)burn < BURN_BYTES;
	}
	share->deep += n_burn == DEPTH;
}

/*
 * How much of a program's time its samples may miss. tests/vm sets the variable: an emulated CPU
 * stands still while its host is busy, and the ticks of that while are one.
 */
static uint64_t may_miss(uint64_t ran)
{
	return getenv("HEARTH_TEST_EMULATED") ? ran - ran / 10 : ran / 50;
}

/* ---- tests ---- */

static void samples_agree_with_the_scheduler_and_stacks_are_complete(void **state)
{
	static const char *const settings[] = { "frequency=997", "window=1s", NULL };
	struct share share = {};
	pid_t child;
	struct hearth_mock m;
	uint64_t ran, sampled;

	(void)state;
#ifdef __SANITIZE_THREAD__
	skip(); /* its runtime, without frame pointers, stands in for the stack in some samples */
#endif
	child = start_child(burn_deep);
	share.pid = (uint32_t)child;
	begin(&m, settings);
	run_for(&m, NS_PER_S / 10);
	share.from_ns = monotonic_ns();
	ran = run_time_ns(child);
	run_until_it_ran(&m, child, 2 * NS_PER_S);
	ran = run_time_ns(child) - ran;
	share.to_ns = monotonic_ns();
	finish(&m);
	each_sample(&m, add_share, &share);
	sampled = share.n * (NS_PER_S / 997);
	if (sampled > ran + ran / 50 || sampled < ran - may_miss(ran))
		fail_msg("sampled %.1f ms, ran %.1f ms", (double)sampled / 1e6, (double)ran / 1e6);
	if (share.deep * 100 < share.n * 99)
		fail_msg("%llu of %llu stacks are whole", (unsigned long long)share.deep,
			 (unsigned long long)share.n);
	end(&m);
	end_child(child);
}

struct totals {
	uint64_t taken, delivered, lost, windows, last_end_ns;
};

static struct totals totals_of(const struct hearth_mock *m)
{
	struct totals t = {};

	for (uint32_t i = 0; i < m->n_emitted; i++) {
		struct hearth_profile_info info;
		struct hearth_flat f = {};

		assert_int_equal(hearth_profile_open(&f, hearth_mock_emitted(m, i)), 0);
		info = hearth_profile_info(&f);
		if (i > 0)
			assert_int_equal(info.window_start_ns, t.last_end_ns);
		t.last_end_ns = info.window_end_ns;
		t.windows++;
		t.taken += info.samples_taken;
		t.delivered += hearth_flat_count(&f, HEARTH_PROFILE_SAMPLES);
		for (uint64_t k = 0; k < hearth_flat_count(&f, HEARTH_PROFILE_LOSSES); k++) {
			struct hearth_loss loss = hearth_profile_loss(&f, k);

			t.lost += loss.kind == HEARTH_LOSS_SAMPLES ? loss.count : 0;
		}
	}
	return t;
}

static void a_full_ring_is_counted_to_the_sample(void **state)
{
	static const char *const settings[] = { "frequency=5000", "ring_size=64KiB", NULL };
	pid_t child = start_child(burn_deep);
	struct hearth_mock m;
	struct totals t;

	(void)state;
	begin(&m, settings);
	run_for(&m, NS_PER_S / 5);
	usleep(1000000); /* nobody reads */
	run_for(&m, NS_PER_S / 5);
	finish(&m);
	t = totals_of(&m);
	assert_true(t.lost > 1000);
	assert_int_equal(t.taken, t.delivered + t.lost);
	assert_int_equal(t.taken, hearth_mock_counter(&m, "samples_taken"));
	assert_int_equal(t.lost, hearth_mock_counter(&m, "samples_lost.ring full"));
	if (m.n_lines)
		fail_msg("%s", m.lines[0].text);
	end(&m);
	end_child(child);
}

static void a_filter_keeps_to_the_process_and_its_children(void **state)
{
	char pids[32];
	const char *settings[] = { "frequency=997", pids, NULL };
	pid_t child = start_child(fork_burners), other = start_child(burn_deep);
	struct family family = { .parent = (uint32_t)child, .stranger = (uint32_t)other };
	struct hearth_mock m;

	(void)state;
	snprintf(pids, sizeof(pids), "pids=%d", child);
	begin(&m, settings);
	run_for(&m, NS_PER_S);
	finish(&m);
	each_sample(&m, add_family, &family);
	assert_true(family.n_children > 20);
	assert_int_equal(family.n_strangers, 0);
	end(&m);
	end_child(child);
	end_child(other);
}

static void a_parent_that_is_only_followed_is_not_sampled(void **state)
{
	char parent[32];
	const char *settings[] = { "frequency=4999", parent, NULL };
	pid_t child = start_child(fork_burners);
	struct family family = { .parent = (uint32_t)child };
	struct hearth_mock m;

	(void)state;
	snprintf(parent, sizeof(parent), "children_of=%d", child);
	begin(&m, settings);
	run_for(&m, NS_PER_S);
	finish(&m);
	each_sample(&m, add_family, &family);
	assert_true(family.n_children > 100);
	assert_int_equal(family.n_parent, 0);
	end(&m);
	end_child(child);
}

static void children_that_exist_already_are_followed_too(void **state)
{
	char pids[32];
	const char *settings[] = { "frequency=997", pids, NULL };
	struct family family = { .parent = (uint32_t)getpid() };
	pid_t child = start_child(burn_deep);
	struct hearth_mock m;

	(void)state;
	snprintf(pids, sizeof(pids), "pids=%d", getpid());
	begin(&m, settings);
	run_for(&m, NS_PER_S / 2);
	finish(&m);
	each_sample(&m, add_family, &family);
	assert_true(family.n_children > 20);
	end(&m);
	end_child(child);
}

static void a_window_without_samples_is_emitted(void **state)
{
	char pids[32];
	const char *settings[] = { "window=100ms", pids, NULL };
	pid_t child = start_child(idle);
	struct hearth_mock m;
	struct totals t;
	uint64_t from_ns;

	(void)state;
	usleep(50000);
	snprintf(pids, sizeof(pids), "pids=%d", child);
	from_ns = monotonic_ns();
	begin(&m, settings);
	run_for(&m, NS_PER_S);
	finish(&m);
	t = totals_of(&m);
	assert_int_equal(t.taken, 0);
	/* One per 100 ms, cut ones at both ends, however long this machine took for it. */
	assert_in_range(t.windows, 9, (monotonic_ns() - from_ns) / (NS_PER_S / 10) + 2);
	end(&m);
	end_child(child);
}

static void a_process_that_does_not_exist_is_refused(void **state)
{
	struct hearth_mock m;

	(void)state;
	hearth_mock_init(&m, &cpu_sampler);
	assert_int_equal(hearth_mock_set(&m, "pids=2147483000"), 0);
	assert_int_equal(hearth_mock_create(&m), 0);
	assert_int_equal(hearth_mock_start(&m), -EINVAL);
	assert_string_equal(m.refused, "pids");
	assert_string_equal(m.refused_why, "there is no process 2147483000");
	assert_int_equal(hearth_mock_done(&m), 0);
}

/* In a container: pid 1 of a pid namespace of its own samples a child. 0: it worked. */
static int sample_in_container(void)
{
	char pids[32];
	const char *settings[] = { "frequency=997", pids, NULL };
	struct family family = { .parent = 1 };
	struct hearth_mock m;
	pid_t child;

	if (getpid() != 1 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0)
		return 2;
	child = start_child(burn_deep);
	snprintf(pids, sizeof(pids), "pids=%d", child);
	begin(&m, settings);
	run_for(&m, NS_PER_S / 2);
	finish(&m);
	each_sample(&m, add_family, &family);
	end(&m);
	end_child(child);
	return family.n_children > 20 ? 0 : 3;
}

static void a_container_sees_its_own_pids(void **state)
{
	pid_t outer;
	int status;

	(void)state;
	outer = fork();
	assert_true(outer >= 0);
	if (outer == 0) {
		pid_t inner = unshare(CLONE_NEWPID | CLONE_NEWNS) < 0 ? -1 : fork();

		if (inner == 0)
			_exit(sample_in_container());
		_exit(inner > 0 && waitpid(inner, &status, 0) == inner && WIFEXITED(status) ?
			      WEXITSTATUS(status) : 1);
	}
	assert_int_equal(waitpid(outer, &status, 0), outer);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_agree_with_the_scheduler_and_stacks_are_complete),
		cmocka_unit_test(a_full_ring_is_counted_to_the_sample),
		cmocka_unit_test(a_filter_keeps_to_the_process_and_its_children),
		cmocka_unit_test(a_parent_that_is_only_followed_is_not_sampled),
		cmocka_unit_test(children_that_exist_already_are_followed_too),
		cmocka_unit_test(a_window_without_samples_is_emitted),
		cmocka_unit_test(a_container_sees_its_own_pids),
		cmocka_unit_test(a_process_that_does_not_exist_is_refused),
	};

	return cmocka_run_group_tests(tests, needs_root, NULL);
}
