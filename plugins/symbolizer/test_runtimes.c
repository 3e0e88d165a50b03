/* SPDX-License-Identifier: Apache-2.0 */
/* Whose code had no names, and what is said about it. */
#include "common/test_profile.h"

#include "common/cleanup.h"
#include "runtimes.h"

/* A frame of code that a process made; library: mapped by it, or NULL. */
static struct hearth_frame code_of(struct test_profile *p, uint32_t pid, const char *exe,
				   const char *comm, const char *library)
{
	struct hearth_flat_builder *b = &p->b;
	struct hearth_process process = { .pid = pid };
	struct hearth_binary binary = { .path = hearth_flat_intern_string(b, library) };
	struct hearth_mapping file = { .start = 0x1000, .end = 0x2000 };
	struct hearth_mapping code = { .start = 0x7000, .end = 0x8000 };
	struct hearth_frame frame = { .kind = HEARTH_FRAME_JIT, .flags = HEARTH_FRAME_RAW };

	process.exe = hearth_flat_intern_string(b, exe);
	process.comm = hearth_flat_intern_string(b, comm);
	code.process = file.process = hearth_build_process(b, &process);
	if (library) {
		file.binary = hearth_build_binary(b, &binary);
		hearth_build_mapping(b, &file);
	}
	frame.mapping = hearth_build_mapping(b, &code);
	return frame;
}

struct run {
	struct runtimes runtimes;
	struct test_profile profile;
};

static void add(struct run *r, const struct hearth_frame *frame, uint64_t n_samples)
{
	struct hearth_flat f;

	assert_int_equal(hearth_profile_open(&f, test_profile_end(&r->profile)), 0);
	runtimes_add(&r->runtimes, &f, frame, n_samples);
}

static void end(struct run *r)
{
	runtimes_done(&r->runtimes);
	test_profile_done(&r->profile);
}

static void assert_advice(struct run *r, uint32_t i, const char *expected)
{
	_cleanup_free_ char *advice = NULL;

	assert_int_equal(runtimes_advice(&r->runtimes, i, &advice), 0);
	if (expected)
		assert_string_equal(advice, expected);
	else
		assert_null(advice);
}

TEST(each_runtime_is_told_in_its_own_words)
{
	static const struct {
		const char *exe, *comm, *library, *says;
	} cases[] = {
		{ "/usr/bin/node", "MainThread", NULL, "start it with node --perf-basic-prof, or" },
		{ "/usr/bin/nodejs", "x", NULL, "start it with nodejs --perf-basic-prof" },
		{ "/usr/local/bin/python3.12", "x", NULL, "start it with python3 -X perf" },
		{ "/usr/bin/python3.12 (deleted)", "x", NULL, "start it with python3 -X perf" },
		{ "/usr/share/dotnet/dotnet", "x", NULL, "start it with DOTNET_PerfMapEnabled=1" },
		{ "/opt/shop/Shop", "Shop", "/opt/shop/libcoreclr.so", "DOTNET_PerfMapEnabled=1" },
		{ "/usr/lib/jvm/bin/java", "x", NULL, "run jcmd 71 Compiler.perfmap (JDK 17" },
		{ "/usr/sbin/jsvc", "x", "/usr/lib/jvm/lib/server/libjvm.so", "run jcmd 71 Compiler" },
		{ "/usr/lib/erlang/bin/beam.smp", "x", NULL, "start it with erl +JPperf true" },
		{ "/usr/bin/php8.2", "x", NULL, "start it with php -d opcache.jit_debug=16" },
		{ "/usr/bin/pythonista", "x", NULL, "have its compiler write /tmp/perf-PID.map" },
		{ NULL, "node", NULL, "node --perf-basic-prof" },
		{ "/opt/game", "game", "/lib/libm.so.6", "have its compiler write /tmp/perf-PID.map" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct run r = { .runtimes = { .n_samples = 100 } };
		_cleanup_free_ char *advice = NULL;
		struct hearth_frame frame;

		test_profile_begin(&r.profile);
		frame = code_of(&r.profile, 71, cases[i].exe, cases[i].comm, cases[i].library);
		add(&r, &frame, 90);
		assert_int_equal(runtimes_advice(&r.runtimes, 0, &advice), 0);
		assert_non_null(advice);
		assert_memory_equal(advice, "90 % of the samples run code that ", 34);
		assert_non_null(strstr(advice, cases[i].says));
		end(&r);
	}
}

TEST(programs_come_heaviest_first_and_their_processes_together)
{
	static const struct {
		uint32_t pid;
		const char *exe;
		uint64_t n_samples;
	} rows[] = { { 1, "/bin/game", 20 }, { 2, "/usr/bin/node", 15 }, { 3, "/usr/bin/node", 30 } };
	struct run r = { .runtimes = { .n_samples = 100 } };

	test_profile_begin(&r.profile);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct hearth_frame frame = code_of(&r.profile, rows[i].pid, rows[i].exe, "x", NULL);

		add(&r, &frame, rows[i].n_samples);
	}
	assert_advice(&r, 0, "45 % of the samples run code that node (process 2 and others) makes "
			     "without naming it: start it with node --perf-basic-prof, or "
			     "NODE_OPTIONS=--perf-basic-prof");
	assert_advice(&r, 1, "20 % of the samples run code that game (process 1) makes without naming "
			     "it: have its compiler write /tmp/perf-PID.map");
	assert_advice(&r, 2, NULL);
	end(&r);
}

TEST(little_is_not_worth_a_line)
{
	struct run r = { .runtimes = { .n_samples = 1000 } };
	struct hearth_frame frame;

	test_profile_begin(&r.profile);
	assert_advice(&r, 0, NULL);
	frame = code_of(&r.profile, 71, "/usr/bin/node", "x", NULL);
	add(&r, &frame, 9);
	assert_advice(&r, 0, NULL);
	end(&r);
}

TEST(programs_are_bounded)
{
	struct run r = { .runtimes = { .n_samples = 1000 } };

	test_profile_begin(&r.profile);
	for (uint32_t i = 0; i < 2 * MAX_RUNTIMES; i++) {
		char exe[32];
		struct hearth_frame frame;

		snprintf(exe, sizeof(exe), "/opt/program-%c%c", 'a' + i % 26, 'a' + i / 26);
		frame = code_of(&r.profile, 71 + i, exe, "x", NULL);
		add(&r, &frame, 10);
	}
	assert_int_equal(r.runtimes.n, MAX_RUNTIMES);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_runtime_is_told_in_its_own_words),
		cmocka_unit_test(programs_come_heaviest_first_and_their_processes_together),
		cmocka_unit_test(little_is_not_worth_a_line),
		cmocka_unit_test(programs_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
