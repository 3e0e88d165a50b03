/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random profiles go through perfdata-writer and profile-reader, the plugins as they are installed,
 * and come back as they were in all that the table of docs/formats.md calls carried.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <unistd.h>

#include <hearth/mock.h>

#include "facts.h"
#include "random_profile.h"

#undef fail /* cmocka's; it hides hearth_host.fail */

#define TEST(name) static void name(void **state __attribute__((unused)))

enum { N_WINDOWS = 3 };

static const struct hearth_component *writer, *reader;

/* Two plugins cannot be linked into one program: each has the same name for its descriptor. */
static const struct hearth_component *load(const char *name)
{
	const struct hearth_plugin *plugin;
	char path[512];
	void *library;

	snprintf(path, sizeof(path), "%s/%s.so", getenv("HEARTH_PLUGINS"), name);
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		abort();
	}
	plugin = dlsym(library, "hearth_plugin_v0");
	assert_non_null(plugin);
	return plugin->components[0];
}

static int load_both(void **state)
{
	(void)state;
	writer = load("perfdata-writer");
	reader = load("profile-reader");
	return 0;
}

struct trip {
	char folder[64], file[80];
	struct facts before, after;
	uint64_t taken_before, taken_after;
	uint64_t n_unmapped; /* by the writer's own counter */
};

static void set(struct hearth_mock *m, const char *name, const char *value)
{
	char setting[160];

	snprintf(setting, sizeof(setting), "%s=%s", name, value);
	assert_int_equal(hearth_mock_set(m, setting), 0);
}

static void feed_window(struct trip *t, struct world *w, struct hearth_mock *to, uint32_t window, uint32_t event)
{
	struct hearth_flat_builder b;
	struct hearth_mock source;

	hearth_mock_init(&source, NULL);
	hearth_flat_init(&b);
	world_window(w, &b, window, event);
	assert_int_equal(hearth_flat_emit(&b, &source.host, HEARTH_PROFILE_SCHEMA, NULL), 0);
	facts_add_batch(&t->before, hearth_mock_emitted(&source, 0), &t->taken_before);
	assert_int_equal(hearth_mock_feed(to, hearth_mock_emitted(&source, 0)), 0);
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&source), 0);
}

static void write_file(struct trip *t, struct world *w)
{
	struct hearth_mock m;

	hearth_mock_init(&m, writer);
	set(&m, "directory", t->folder);
	set(&m, "name", "perf.data");
	assert_int_equal(hearth_mock_create(&m), 0);
	assert_int_equal(hearth_mock_start(&m), 0);
	for (uint32_t window = 0; window < N_WINDOWS; window++)
		for (uint32_t event = 0; event < WORLD_EVENTS; event++)
			feed_window(t, w, &m, window, event);
	assert_int_equal(hearth_mock_finish(&m), 0);
	t->n_unmapped = hearth_mock_counter(&m, "frames_unmapped");
	assert_int_equal(hearth_mock_done(&m), 0);
}

static void read_file(struct trip *t)
{
	struct hearth_mock m;

	hearth_mock_init(&m, reader);
	set(&m, "file", t->file);
	assert_int_equal(hearth_mock_create(&m), 0);
	assert_int_equal(hearth_mock_start(&m), 0);
	hearth_mock_run_wakes(&m);
	assert_null(m.failure);
	assert_int_equal(m.n_finished, 1);
	for (uint32_t i = 0; i < m.n_emitted; i++)
		facts_add_batch(&t->after, hearth_mock_emitted(&m, i), &t->taken_after);
	assert_int_equal(hearth_mock_done(&m), 0);
}

static void trip_begin(struct trip *t, struct world *w, uint64_t seed)
{
	world_init(w, seed);
	*t = (struct trip){ .folder = "/tmp/hearth-test-round-trip-XXXXXX" };
	assert_non_null(mkdtemp(t->folder));
	snprintf(t->file, sizeof(t->file), "%s/perf.data", t->folder);
	write_file(t, w);
	read_file(t);
	facts_sort(&t->before);
	facts_sort(&t->after);
}

static void trip_end(struct trip *t)
{
	facts_done(&t->before);
	facts_done(&t->after);
	assert_int_equal(unlink(t->file), 0);
	assert_int_equal(rmdir(t->folder), 0);
}

/* Each test has seeds of its own; HEARTH_LONG has ten times as many. */
static uint64_t n_seeds(void)
{
	return getenv("HEARTH_LONG") ? 200 : 20;
}

TEST(what_perf_data_carries_comes_back_unchanged)
{
	for (uint64_t seed = 1; seed <= n_seeds(); seed++) {
		struct world w;
		struct trip t;

		trip_begin(&t, &w, seed);
		print_message("# seed %" PRIu64 ": %zu samples\n", seed, t.before.n);
		for (size_t i = 0; i < t.before.n && i < t.after.n; i++)
			assert_string_equal(t.after.lines[i], t.before.lines[i]);
		assert_int_equal(t.after.n, t.before.n);
		trip_end(&t);
	}
}

TEST(what_was_lost_is_lost_in_the_file_too)
{
	uint64_t n = 0;

	for (uint64_t seed = 1001; seed <= 1000 + n_seeds(); seed++) {
		struct world w;
		struct trip t;

		trip_begin(&t, &w, seed);
		assert_int_equal(t.taken_after, t.taken_before);
		n += t.taken_before - t.before.n;
		trip_end(&t);
	}
	assert_true(n > 0);
}

TEST(frames_that_have_no_place_in_the_format_are_counted)
{
	uint64_t n = 0;

	for (uint64_t seed = 2001; seed <= 2000 + n_seeds(); seed++) {
		struct world w;
		struct trip t;

		trip_begin(&t, &w, seed);
		assert_int_equal(t.n_unmapped, w.n_unmapped);
		n += w.n_unmapped;
		trip_end(&t);
	}
	assert_true(n > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_perf_data_carries_comes_back_unchanged),
		cmocka_unit_test(what_was_lost_is_lost_in_the_file_too),
		cmocka_unit_test(frames_that_have_no_place_in_the_format_are_counted),
	};

	return cmocka_run_group_tests(tests, load_both, NULL);
}
