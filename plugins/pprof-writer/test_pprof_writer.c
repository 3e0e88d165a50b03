/* SPDX-License-Identifier: Apache-2.0 */
/* Batches in, a profile out: what of them is where in profile.proto. */
#include "test_pprof_writer.h"

#include <errno.h>

static uint32_t native(struct writer *w, const char *name)
{
	return test_named(&w->profile, HEARTH_FRAME_NATIVE, name);
}

static uint32_t kernel(struct writer *w, const char *name)
{
	return test_named(&w->profile, HEARTH_FRAME_KERNEL, name);
}

static void sample_of(struct writer *w, const char *comm, uint32_t leaf, uint32_t caller)
{
	test_sample(&w->profile, comm, (uint32_t[]){ leaf, caller }, 2, NULL);
}

TEST(equal_stacks_of_equal_labels_are_one_sample)
{
	struct writer w;

	writer_begin(&w, NULL);
	for (int batch = 0; batch < 2; batch++) {
		uint32_t root = native(&w, "main"), leaf = native(&w, "deflate");

		sample_of(&w, "gzip", leaf, root);
		sample_of(&w, "gzip", leaf, root);
		sample_of(&w, "zip", leaf, root);
		writer_feed(&w);
	}
	writer_finish(&w);
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_SAMPLE, 0),
			    "deflate main | 4 4012036 | pid=100 tid=100 comm=gzip\n"
			    "deflate main | 2 2006018 | pid=100 tid=100 comm=zip\n");
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_SAMPLE_TYPE, 0x6),
			    "1=samples 2=count \n1=cpu 2=nanoseconds \n");
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_DEFAULT_SAMPLE_TYPE, 1), "cpu\n");
	writer_done(&w);
}

TEST(labels_are_those_that_are_asked_for)
{
	static const struct {
		const char *setting, *sample;
	} cases[] = {
		{ "labels=[]", "f | 2 2006018 |\n" },
		{ "labels=comm", "f | 2 2006018 | comm=sh\n" },
		{ "labels=cpu", "f | 1 1003009 | cpu=0\nf | 1 1003009 | cpu=3\n" },
		{ "labels=timestamp_ns", "f | 2 2006018 | timestamp_ns=1790000000000000001nanoseconds\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hearth_sample second = { .value = 1, .cpu = 3 };
		struct writer w;
		uint32_t f;

		writer_begin(&w, (const char *[]){ cases[i].setting, NULL });
		f = native(&w, "f");
		test_sample(&w.profile, "sh", &f, 1, NULL);
		second.time_ns = w.profile.info.window_start_ns + 1;
		second.stack = 1;
		second.thread = 1;
		hearth_build_sample(&w.profile.b, &second);
		writer_feed(&w);
		writer_finish(&w);
		assert_string_equal(decoded_lines(&w.decoded, PROFILE_SAMPLE, 0), cases[i].sample);
		writer_done(&w);
	}
}

TEST(return_addresses_are_written_as_the_byte_before)
{
	struct writer w;
	uint32_t frames[3];

	writer_begin(&w, NULL);
	frames[0] = test_frame(&w.profile, HEARTH_FRAME_NATIVE, "/bin/gzip", 7, 0x4883, 0);
	frames[1] = test_frame(&w.profile, HEARTH_FRAME_NATIVE, "/bin/gzip", 7, 0x4884,
			       HEARTH_FRAME_IS_RETURN);
	frames[2] = test_frame(&w.profile, HEARTH_FRAME_NATIVE, "/bin/gzip", 7, 0, HEARTH_FRAME_IS_RETURN);
	test_sample(&w.profile, "gzip", frames, 3, NULL);
	writer_feed(&w);
	writer_finish(&w);
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_SAMPLE, 0),
			    "0x4883 0x4883 0x0 | 1 1003009 | pid=100 tid=100 comm=gzip\n");
	writer_done(&w);
}

TEST(inlined_functions_are_lines_of_one_location)
{
	const char *const names[] = { "inner", "middle", "outer", NULL };
	struct writer w;
	uint32_t frame;

	writer_begin(&w, NULL);
	frame = test_frame(&w.profile, HEARTH_FRAME_NATIVE, "/bin/gzip", 7, 0x4883, 0);
	test_names(&w.profile, frame, names);
	test_sample(&w.profile, "gzip", &frame, 1, NULL);
	writer_feed(&w);
	writer_finish(&w);
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_SAMPLE, 0),
			    "inner<middle<outer | 1 1003009 | pid=100 tid=100 comm=gzip\n");
	/* has_functions and has_inline_frames; no files and no lines were given */
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_MAPPING, 0x60),
			    "1=0x1 5=/bin/gzip 7=0x1 10=0x1 \n");
	writer_done(&w);
}

/* One file, mapped by two processes at different addresses. */
static void map_file(struct writer *w, uint32_t binary, uint64_t start)
{
	struct hearth_process process = { .pid = (uint32_t)(start >> 12) };
	struct hearth_mapping m = {
		.start = start, .end = start + 0x5000, .file_offset = 0x2000, .vaddr = 0x3000,
		.binary = binary,
	};

	m.process = hearth_build_process(&w->profile.b, &process);
	hearth_build_mapping(&w->profile.b, &m);
}

TEST(a_file_is_one_mapping_in_its_own_addresses_whoever_mapped_it)
{
	struct hearth_binary binary = { .build_id_len = 3, .build_id = { 0xab, 0x01, 0x00 }, .handle = 7 };
	struct hearth_frame frame = { .address = 0x3fff, .kind = HEARTH_FRAME_NATIVE };
	struct writer w;
	uint32_t leaf;

	writer_begin(&w, NULL);
	binary.path = hearth_flat_intern_string(&w.profile.b, "/usr/bin/gzip");
	frame.binary = hearth_build_binary(&w.profile.b, &binary);
	map_file(&w, frame.binary, 0x7f0000000000);
	map_file(&w, frame.binary, 0x550000000000);
	leaf = hearth_build_frame(&w.profile.b, &frame);
	test_sample(&w.profile, "gzip", &leaf, 1, NULL);
	writer_feed(&w);
	writer_finish(&w);
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_MAPPING, 0x60),
			    "1=0x1 2=0x3000 3=0x8000 4=0x2000 5=/usr/bin/gzip 6=ab0100 \n");
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_LOCATION, 0), "1=0x1 2=0x1 3=0x3fff \n");
	writer_done(&w);
}

TEST(code_without_a_file_says_by_its_mapping_what_it_is)
{
	static const struct {
		uint32_t kind;
		const char *path, *mapping;
	} cases[] = {
		{ HEARTH_FRAME_KERNEL, "[kernel]", "1=0x1 2=0x4000 3=0x5000 5=[kernel.kallsyms] \n" },
		{ HEARTH_FRAME_KERNEL, NULL, "1=0x1 2=0x4000 3=0x5000 5=[kernel.kallsyms] \n" },
		{ HEARTH_FRAME_JIT, NULL, "1=0x1 2=0x4000 3=0x5000 5=[jit] \n" },
		{ HEARTH_FRAME_INTERPRETED, NULL, "1=0x1 2=0x4000 3=0x5000 5=[interpreted] \n" },
		{ HEARTH_FRAME_UNKNOWN, NULL, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct writer w;
		uint32_t frame;

		writer_begin(&w, NULL);
		frame = test_frame(&w.profile, cases[i].kind, cases[i].path, 0, 0x4883, 0);
		test_sample(&w.profile, "java", &frame, 1, NULL);
		writer_feed(&w);
		writer_finish(&w);
		assert_string_equal(decoded_lines(&w.decoded, PROFILE_MAPPING, 0x60), cases[i].mapping);
		writer_done(&w);
	}
}

TEST(names_that_pprof_would_shorten_have_no_second_one)
{
	struct hearth_function mangled = { .start_line = 12 };
	struct hearth_line line = { .line = 14, .column = 3 };
	struct hearth_frame_lines lines = { .first = 1, .count = 1 };
	struct writer w;
	uint32_t frames[3];

	writer_begin(&w, NULL);
	frames[0] = native(&w, "deflate");
	frames[1] = native(&w, "core::<T>::get");
	frames[2] = test_frame(&w.profile, HEARTH_FRAME_NATIVE, "/bin/x", 7, 0x10, 0);
	mangled.name = hearth_flat_intern_string(&w.profile.b, "a::b");
	mangled.system_name = hearth_flat_intern_string(&w.profile.b, "_ZN1a1bE");
	mangled.file = hearth_flat_intern_string(&w.profile.b, "a.cc");
	line.function = hearth_build_function(&w.profile.b, &mangled);
	lines.first = hearth_flat_append(&w.profile.b, HEARTH_PROFILE_LINES, &line, sizeof(line));
	hearth_flat_append(&w.profile.b, HEARTH_PROFILE_FRAME_LINES, &lines, sizeof(lines));
	test_sample(&w.profile, "x", frames, 3, NULL);
	writer_feed(&w);
	writer_finish(&w);
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_FUNCTION, 0x1c),
			    "1=0x1 2=a::b 3=_ZN1a1bE 4=a.cc 5=0xc \n"
			    "1=0x2 2=core::<T>::get \n"
			    "1=0x3 2=deflate 3=deflate \n");
	writer_done(&w);
}

TEST(a_cut_stack_has_the_cause_as_its_root)
{
	struct writer w;
	uint32_t leaf;

	writer_begin(&w, NULL);
	leaf = kernel(&w, "vfs_read");
	test_sample(&w.profile, "cat", &leaf, 1, "no frame pointers");
	hearth_build_loss(&w.profile.b, HEARTH_LOSS_SAMPLES, "ring full", 12);
	writer_feed(&w);
	writer_finish(&w);
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_SAMPLE, 0),
			    "vfs_read [truncated: no frame pointers] | 1 1003009 | pid=100 tid=100 comm=cat\n");
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_COMMENT, 1),
			    "event cpu-clock: samples, cpu\nlost 12 samples: ring full\n");
	writer_done(&w);
}

/* A batch of another event. */
static void feed_event(struct writer *w, const char *event, const char *type, const char *unit,
		       const char *period_type, const struct hearth_sample *sample)
{
	struct hearth_flat_builder *b = &w->profile.b;
	struct hearth_profile_info info = {
		.event = hearth_flat_intern_string(b, event),
		.sample_type = hearth_flat_intern_string(b, type),
		.sample_unit = hearth_flat_intern_string(b, unit),
		.period_type = hearth_flat_intern_string(b, period_type),
		.period_unit = hearth_flat_intern_string(b, "count"),
	};

	hearth_build_info(b, &info);
	hearth_build_sample(b, sample);
	assert_int_equal(hearth_flat_emit(b, &w->profile.source.host, HEARTH_PROFILE_SCHEMA, NULL), 0);
	hearth_flat_reset(b);
	assert_int_equal(hearth_mock_feed(&w->mock, hearth_mock_emitted(&w->profile.source,
									w->profile.n_batches++)), 0);
}

TEST(several_events_are_sample_types_of_one_profile)
{
	const struct hearth_sample cycles = { .value = 2, .period = 5000 }, blocked = { .value = 77 };
	struct writer w;
	uint32_t leaf;

	writer_begin(&w, (const char *[]){ "labels=[]", NULL });
	leaf = native(&w, "main");
	test_sample(&w.profile, "x", &leaf, 1, NULL);
	writer_feed(&w);
	feed_event(&w, "cycles", "samples", "count", "cycles", &cycles);
	feed_event(&w, "cycles", "samples", "count", "cycles", &cycles);
	feed_event(&w, "off-cpu", "off-cpu", "nanoseconds", "", &blocked);
	writer_finish(&w);
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_SAMPLE_TYPE, 0x6),
			    "1=samples 2=count \n1=cpu 2=nanoseconds \n"
			    "1=cycles_samples 2=count \n1=cycles 2=count \n"
			    "1=off-cpu 2=nanoseconds \n");
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_SAMPLE, 0),
			    "main | 1 1003009 0 0 0 |\n | 0 0 4 10000 0 |\n | 0 0 0 0 77 |\n");
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_DEFAULT_SAMPLE_TYPE, 1), "cpu\n");
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_PERIOD, 0), "1003009\n");
	writer_done(&w);
}

TEST(strings_are_utf8_whatever_a_process_calls_itself)
{
	struct writer w;
	uint32_t leaf;

	writer_begin(&w, (const char *[]){ "labels=comm", NULL });
	leaf = native(&w, "na\xc3\xafve \xff\xe2\x82");
	test_sample(&w.profile, "\xc3", &leaf, 1, NULL);
	writer_feed(&w);
	writer_finish(&w);
	assert_string_equal(decoded_lines(&w.decoded, PROFILE_SAMPLE, 0),
			    "na\xc3\xafve ??? | 1 1003009 | comm=?\n");
	writer_done(&w);
}

TEST(an_interval_begins_anew)
{
	struct writer w;

	writer_begin(&w, (const char *[]){ "interval=10s", "labels=[]", NULL });
	for (int i = 0; i < 2; i++) {
		uint32_t leaf = native(&w, i ? "second" : "first");

		test_sample(&w.profile, "x", &leaf, 1, NULL);
		writer_feed(&w);
		hearth_mock_advance(&w.mock, 10 * HEARTH_MOCK_SECOND);
	}
	hearth_mock_advance(&w.mock, 10 * HEARTH_MOCK_SECOND); /* in which nothing came */
	assert_int_equal(hearth_mock_finish(&w.mock), 0);
	assert_int_equal(w.mock.n_emitted, 2);
	for (uint32_t i = 0; i < 2; i++) {
		writer_read(&w, i);
		assert_string_equal(decoded_lines(&w.decoded, PROFILE_SAMPLE, 0),
				    i ? "second | 1 1003009 |\n" : "first | 1 1003009 |\n");
	}
	writer_done(&w);
}

TEST(memory_is_bounded_and_what_that_costs_is_told)
{
	uint64_t sum = 0, cut, value, period;
	const char *line;
	struct writer w;

	writer_begin(&w, (const char *[]){ "max_memory=1MiB", NULL });
	for (uint32_t batch = 0; batch < 40; batch++) {
		for (uint32_t i = 0; i < 1000; i++) {
			uint32_t leaf = test_frame(&w.profile, HEARTH_FRAME_NATIVE, "/bin/x", 1,
						   batch * 1000 + i, 0);

			test_sample(&w.profile, "x", &leaf, 1, NULL);
		}
		writer_feed(&w);
	}
	cut = hearth_mock_counter(&w.mock, "stacks_truncated.memory limit");
	assert_in_range(cut, 1000, 39000);
	writer_finish(&w);
	line = strstr(decoded_lines(&w.decoded, PROFILE_COMMENT, 1), "truncated ");
	assert_non_null(line);
	assert_int_equal(strtoull(line + strlen("truncated "), NULL, 10), cut);
	for (struct protobuf_reader r = decoded_whole(&w.decoded); protobuf_left(&r);) {
		struct protobuf_field f, g;

		assert_int_equal(protobuf_next(&r, &f), 1);
		while (f.number == PROFILE_SAMPLE && protobuf_next(&f.bytes, &g) == 1)
			if (g.number == SAMPLE_VALUE && protobuf_next_element(&g.bytes, &value) == 1 &&
			    protobuf_next_element(&g.bytes, &period) == 1)
				sum += value;
	}
	assert_int_equal(sum, 40000); /* no sample is lost */
	writer_done(&w);
}

TEST(an_option_that_makes_no_sense_is_refused)
{
	static const char *const cases[][3] = {
		{ "labels=pid,colour" }, { "name=a/b" }, { "name=.hidden" }, { "name=x", "interval=10s" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct hearth_mock m;

		hearth_mock_init(&m, hearth_plugin_v0.components[0]);
		for (size_t k = 0; cases[i][k]; k++)
			assert_int_equal(hearth_mock_set(&m, cases[i][k]), 0);
		assert_int_equal(hearth_mock_create(&m), -EINVAL);
		assert_int_equal(hearth_mock_done(&m), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_stacks_of_equal_labels_are_one_sample),
		cmocka_unit_test(labels_are_those_that_are_asked_for),
		cmocka_unit_test(return_addresses_are_written_as_the_byte_before),
		cmocka_unit_test(inlined_functions_are_lines_of_one_location),
		cmocka_unit_test(a_file_is_one_mapping_in_its_own_addresses_whoever_mapped_it),
		cmocka_unit_test(code_without_a_file_says_by_its_mapping_what_it_is),
		cmocka_unit_test(names_that_pprof_would_shorten_have_no_second_one),
		cmocka_unit_test(a_cut_stack_has_the_cause_as_its_root),
		cmocka_unit_test(several_events_are_sample_types_of_one_profile),
		cmocka_unit_test(strings_are_utf8_whatever_a_process_calls_itself),
		cmocka_unit_test(an_interval_begins_anew),
		cmocka_unit_test(memory_is_bounded_and_what_that_costs_is_told),
		cmocka_unit_test(an_option_that_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
