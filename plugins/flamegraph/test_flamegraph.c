/* SPDX-License-Identifier: Apache-2.0 */
/* The sink as its host sees it: files, artifacts, reports, refusals and limits. */
#include "test_flamegraph.h"

#include <errno.h>

#include <hearth/artifact.h>
#include <jansson.h>

static void sample_named(struct test_flame *t, const char *comm, const char *name)
{
	uint32_t frame = test_named(&t->p, HEARTH_FRAME_NATIVE, name);

	test_sample(&t->p, comm, &frame, 1, NULL);
}

static void write_file(const struct test_flame *t, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", t->folder, name);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

TEST(all_files_are_written_and_announced_at_the_end)
{
	static const struct {
		const char *path, *media_type;
	} files[] = {
		{ "/stacks.folded", "text/plain" },
		{ "/flamegraph.html", "text/html" },
		{ "/flamegraph.svg", "image/svg+xml" },
	};
	struct hearth_artifact_row row;
	struct hearth_flat f;
	struct test_flame t;

	flame_begin(&t, NULL);
	sample_named(&t, "gzip", "deflate");
	flame_feed(&t);
	assert_int_equal(flame_files(&t, "", NULL, 0), 0);
	assert_int_equal(hearth_mock_finish(&t.m), 0);
	assert_int_equal(t.m.n_emitted, ARRAY_SIZE(files));
	for (uint32_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *text = NULL;
		const char *path;

		assert_int_equal(hearth_artifact_open(&f, hearth_mock_emitted(&t.m, i)), 0);
		row = hearth_artifact(&f);
		path = hearth_flat_string(&f, row.path);
		assert_memory_equal(path, t.folder, strlen(t.folder));
		assert_string_equal(path + strlen(t.folder), files[i].path);
		assert_string_equal(hearth_flat_string(&f, row.media_type), files[i].media_type);
		text = flame_read(&t, path + strlen(t.folder) + 1);
		assert_int_equal(row.size, strlen(text));
		assert_int_equal(row.window_end_ns - row.window_start_ns, 5 * HEARTH_MOCK_SECOND);
		assert_int_equal(row.window_start_ns, 1790000000ull * HEARTH_MOCK_SECOND);
	}
	assert_int_equal(flame_files(&t, "", NULL, 0), ARRAY_SIZE(files));
	flame_end(&t);
}

TEST(a_file_in_the_way_is_refused_before_anything_is_sampled)
{
	struct test_flame t;

	flame_create(&t, NULL);
	write_file(&t, "flamegraph.html", "mine");
	assert_int_equal(hearth_mock_start(&t.m), -EEXIST);
	assert_non_null(t.m.failure);
	assert_non_null(strstr(t.m.failure, "/flamegraph.html exists"));
	assert_non_null(strstr(t.m.failure, "--force"));
	flame_end(&t);
}

TEST(overwrite_replaces_what_is_there)
{
	static const char *const settings[] = { "overwrite=true", "formats=folded", NULL };
	_cleanup_free_ char *text = NULL;
	struct test_flame t;

	flame_create(&t, settings);
	write_file(&t, "stacks.folded", "old");
	assert_int_equal(hearth_mock_start(&t.m), 0);
	sample_named(&t, "gzip", "deflate");
	flame_feed(&t);
	assert_int_equal(hearth_mock_finish(&t.m), 0);
	text = flame_read(&t, "stacks.folded");
	assert_string_equal(text, "gzip;deflate 1\n");
	assert_int_equal(flame_files(&t, "", NULL, 0), 1);
	flame_end(&t);
}

TEST(an_unknown_format_is_refused_with_the_list)
{
	static const char *const bad[] = { "formats=folded,png", "formats=" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct hearth_mock m;

		hearth_mock_init(&m, hearth_plugin_v0.components[0]);
		assert_int_equal(hearth_mock_set(&m, bad[i]), 0);
		assert_int_equal(hearth_mock_create(&m), -EINVAL);
		assert_string_equal(m.refused, "formats");
		assert_non_null(strstr(m.refused_why, "folded, html, svg"));
		assert_int_equal(hearth_mock_done(&m), 0);
	}
}

TEST(a_width_that_is_no_number_is_refused)
{
	static const char *const bad[] = { "min_width=wide", "min_width=0", "min_width=1e9", "min_width=1px",
					   "min_width=nan" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct hearth_mock m;

		hearth_mock_init(&m, hearth_plugin_v0.components[0]);
		assert_int_equal(hearth_mock_set(&m, bad[i]), 0);
		assert_int_equal(hearth_mock_create(&m), -EINVAL);
		assert_string_equal(m.refused, "min_width");
		assert_int_equal(hearth_mock_done(&m), 0);
	}
}

TEST(an_interval_writes_files_each_time_and_begins_anew)
{
	static const char *const settings[] = { "interval=60s", NULL };
	_cleanup_free_ char *text = NULL;
	struct test_flame t;
	char name[256];

	flame_begin(&t, settings);
	hearth_mock_advance(&t.m, 60 * HEARTH_MOCK_SECOND);
	assert_int_equal(flame_files(&t, "", NULL, 0), 0);
	sample_named(&t, "gzip", "deflate");
	flame_feed(&t);
	hearth_mock_advance(&t.m, 60 * HEARTH_MOCK_SECOND);
	assert_int_equal(flame_files(&t, "Z.html", NULL, 0), 1);
	assert_int_equal(flame_files(&t, "Z.svg", NULL, 0), 1);
	assert_int_equal(flame_files(&t, "Z.folded", name, sizeof(name)), 1);
	assert_memory_equal(name, "stacks-2", 8);
	text = flame_read(&t, name);
	assert_string_equal(text, "gzip;deflate 1\n");
	assert_int_equal(t.m.n_emitted, 3);
	assert_int_equal(hearth_mock_finish(&t.m), 0);
	assert_int_equal(t.m.n_emitted, 3);
	flame_end(&t);
}

TEST(memory_is_bounded_and_what_overflows_is_counted)
{
	static const char *const settings[] = { "max_memory=1MiB", NULL };
	enum { N = 30000 };
	_cleanup_free_ char *text = NULL;
	const char *cut;
	struct test_flame t;

	flame_begin(&t, settings);
	for (int i = 0; i < N; i++) {
		char name[32];

		snprintf(name, sizeof(name), "function_%d", i);
		sample_named(&t, "gzip", name);
		if (i % 1000 == 999)
			flame_feed(&t);
	}
	assert_int_equal(hearth_mock_finish(&t.m), 0);
	text = flame_read(&t, "stacks.folded");
	cut = strstr(text, "gzip;[truncated: memory limit] ");
	assert_non_null(cut);
	assert_int_equal(strtoull(strrchr(text, ' ') + 1, NULL, 10), 1);
	assert_int_equal(hearth_mock_counter(&t.m, "stacks_truncated.memory limit"),
			 strtoull(cut + strlen("gzip;[truncated: memory limit] "), NULL, 10));
	assert_in_range(hearth_mock_counter(&t.m, "stacks_truncated.memory limit"), N / 4, N - 1000);
	flame_end(&t);
}

TEST(the_hottest_functions_are_reported_by_self_weight)
{
	struct test_flame t;
	json_t *list, *first;
	uint32_t recursive[2], other;

	flame_begin(&t, NULL);
	recursive[0] = recursive[1] = test_named(&t.p, HEARTH_FRAME_NATIVE, "recursive");
	other = test_named(&t.p, HEARTH_FRAME_KERNEL, "other");
	for (int i = 0; i < 3; i++)
		test_sample(&t.p, "x", recursive, 2, NULL);
	test_sample(&t.p, "x", (uint32_t[]){ other, recursive[0] }, 2, NULL);
	test_sample(&t.p, "x", &other, 1, "cut");
	flame_feed(&t);
	assert_int_equal(hearth_mock_finish(&t.m), 0);
	list = json_loads(hearth_mock_reported(&t.m, "hottest_functions"), 0, NULL);
	assert_non_null(list);
	assert_int_equal(json_array_size(list), 2);
	first = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(first, "function")), "recursive");
	assert_string_equal(json_string_value(json_object_get(first, "module")), "/bin/test");
	assert_string_equal(json_string_value(json_object_get(first, "kind")), "native");
	assert_int_equal(json_integer_value(json_object_get(first, "samples")), 3);
	assert_int_equal(json_integer_value(json_object_get(first, "total")), 4);
	assert_true(json_number_value(json_object_get(first, "share")) > 0.59);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 1), "total")), 2);
	json_decref(list);
	flame_end(&t);
}

TEST(a_second_event_is_left_out_and_said_once)
{
	struct test_flame t;

	flame_begin(&t, NULL);
	sample_named(&t, "x", "f");
	flame_feed(&t);
	for (int i = 0; i < 2; i++) {
		struct hearth_profile_info info = { .period = 1 };

		sample_named(&t, "x", "f");
		info.event = hearth_flat_intern_string(&t.p.b, "cache-misses");
		hearth_build_info(&t.p.b, &info);
		assert_int_equal(hearth_flat_emit(&t.p.b, &t.p.source.host, HEARTH_PROFILE_SCHEMA, NULL), 0);
		hearth_flat_reset(&t.p.b);
		assert_int_equal(hearth_mock_feed(&t.m, hearth_mock_emitted(&t.p.source, 1)), -EMEDIUMTYPE);
	}
	assert_int_equal(t.m.n_lines, 1);
	assert_non_null(hearth_mock_logged(&t.m, "one flame graph shows one event, here cpu-clock"));
	flame_end(&t);
}

TEST(artifacts_wait_for_room)
{
	struct test_flame t;

	flame_begin(&t, NULL);
	t.m.room = 1;
	assert_int_equal(hearth_mock_finish(&t.m), -EINPROGRESS);
	assert_int_equal(t.m.n_emitted, 1);
	hearth_mock_make_room(&t.m, UINT32_MAX);
	assert_int_equal(t.m.n_emitted, 3);
	assert_int_equal(t.m.n_finished, 1);
	flame_end(&t);
}

TEST(a_folder_that_cannot_be_written_is_named_at_start)
{
	struct hearth_mock m;

	hearth_mock_init(&m, hearth_plugin_v0.components[0]);
	assert_int_equal(hearth_mock_set(&m, "directory=/proc/no/such"), 0);
	assert_int_equal(hearth_mock_create(&m), 0);
	assert_int_equal(hearth_mock_start(&m), -ENOENT);
	assert_non_null(strstr(m.failure, "/proc/no/such"));
	assert_int_equal(hearth_mock_done(&m), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_files_are_written_and_announced_at_the_end),
		cmocka_unit_test(a_file_in_the_way_is_refused_before_anything_is_sampled),
		cmocka_unit_test(overwrite_replaces_what_is_there),
		cmocka_unit_test(an_unknown_format_is_refused_with_the_list),
		cmocka_unit_test(a_width_that_is_no_number_is_refused),
		cmocka_unit_test(an_interval_writes_files_each_time_and_begins_anew),
		cmocka_unit_test(memory_is_bounded_and_what_overflows_is_counted),
		cmocka_unit_test(the_hottest_functions_are_reported_by_self_weight),
		cmocka_unit_test(a_second_event_is_left_out_and_said_once),
		cmocka_unit_test(artifacts_wait_for_room),
		cmocka_unit_test(a_folder_that_cannot_be_written_is_named_at_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
