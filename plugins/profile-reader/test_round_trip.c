/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random batches through pprof-writer and back: every field that pprof has a place for is as it was.
 * What it has none for is not in the batches: return addresses come back as the byte before, which
 * the texts that are compared spell alike.
 */
#include "test_text.h"

#include <sys/stat.h>

#include "pprof-writer/message.h"

enum { N_PROFILES = 300, MAX_SAMPLES = 40, MAX_DEPTH = 12 };

struct random {
	uint64_t state;
};

static uint32_t below(struct random *r, uint32_t n)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (uint32_t)(r->state >> 33) % n;
}

static const char *pick(struct random *r, const char *const *texts, uint32_t n)
{
	return texts[below(r, n)];
}

static const char *any_name(struct random *r)
{
	static const char *const names[] = {
		"main", "operator new(unsigned long)", "core::<T as U>::get", "caf\xc3\xa9", "f 12", "a;b",
		"[truncated: not]x", " ", "std::vector<int>::push_back(int&&)", "_[k]", "x\"y\\z", "vfs_read",
	};

	return pick(r, names, ARRAY_SIZE(names));
}

static uint32_t any_function(struct random *r, struct hearth_flat_builder *b)
{
	static const char *const system_names[] = { NULL, "_ZN4core3getE", "f.cold" };
	static const char *const files[] = { NULL, "main.c", "/usr/src/caf\xc3\xa9.rs" };
	struct hearth_function f = {
		.name = hearth_flat_intern_string(b, any_name(r)),
		.system_name = hearth_flat_intern_string(b, pick(r, system_names, ARRAY_SIZE(system_names))),
		.file = hearth_flat_intern_string(b, pick(r, files, ARRAY_SIZE(files))),
		.start_line = below(r, 3) * 100,
	};

	return hearth_build_function(b, &f);
}

static void name_frame(struct random *r, struct hearth_flat_builder *b, uint32_t frame)
{
	struct hearth_frame_lines lines = { .count = below(r, 4) };

	while (b->rows[HEARTH_PROFILE_FRAME_LINES].count < frame)
		hearth_flat_append(b, HEARTH_PROFILE_FRAME_LINES, NULL, sizeof(lines));
	if (b->rows[HEARTH_PROFILE_FRAME_LINES].count > frame)
		return;
	if (b->rows[HEARTH_PROFILE_LINES].count == 0)
		hearth_flat_append(b, HEARTH_PROFILE_LINES, NULL, sizeof(struct hearth_line));
	lines.first = (uint32_t)b->rows[HEARTH_PROFILE_LINES].count;
	for (uint32_t i = 0; i < lines.count; i++) {
		struct hearth_line line = {
			.function = any_function(r, b), .line = below(r, 3) * 7, .column = below(r, 2) * 3,
		};

		hearth_flat_append(b, HEARTH_PROFILE_LINES, &line, sizeof(line));
	}
	hearth_flat_append(b, HEARTH_PROFILE_FRAME_LINES, &lines, sizeof(lines));
}

static uint32_t any_file(struct random *r, struct hearth_flat_builder *b)
{
	static const char *const paths[] = { "/usr/bin/shop", "/lib/libc.so.6", "[vdso]", "/opt/caf\xc3\xa9" };
	uint32_t i = below(r, ARRAY_SIZE(paths));
	struct hearth_binary binary = {
		.path = hearth_flat_intern_string(b, paths[i]), .build_id_len = i * 10,
	};

	memset(binary.build_id, (int)i + 0x7f, binary.build_id_len);
	return hearth_build_binary(b, &binary);
}

static uint32_t kernel_file(struct hearth_flat_builder *b)
{
	struct hearth_binary binary = { .path = hearth_flat_intern_string(b, "[kernel]") };

	return hearth_build_binary(b, &binary);
}

static uint32_t any_frame(struct random *r, struct hearth_flat_builder *b)
{
	struct hearth_frame f = { .kind = 1 + below(r, 4), .address = 1 + below(r, 1000) };
	uint32_t frame;

	if (f.kind == HEARTH_FRAME_NATIVE) {
		f.binary = any_file(r, b);
		f.flags = below(r, 2) ? HEARTH_FRAME_IS_RETURN : 0;
		f.address += 0x1000;
	} else if (f.kind == HEARTH_FRAME_KERNEL) {
		f.binary = kernel_file(b);
		f.address += 0xffffffff81000000;
	}
	frame = hearth_build_frame(b, &f);
	name_frame(r, b, frame);
	return frame;
}

static uint32_t any_thread(struct random *r, struct hearth_flat_builder *b)
{
	static const char *const comms[] = { "shop", "my shop", "caf\xc3\xa9", "7" };
	static const char *const containers[] = { NULL, "0123456789ab" };
	struct hearth_process p = {
		.pid = 1 + below(r, 3), .comm = hearth_flat_intern_string(b, pick(r, comms, ARRAY_SIZE(comms))),
		.container = hearth_flat_intern_string(b, pick(r, containers, ARRAY_SIZE(containers))),
	};
	struct hearth_thread t = {
		.process = hearth_build_process(b, &p), .tid = 1 + below(r, 3),
		.comm = hearth_flat_intern_string(b, pick(r, comms, ARRAY_SIZE(comms))),
	};

	return hearth_build_thread(b, &t);
}

static void add_sample(struct random *r, struct hearth_flat_builder *b, const struct hearth_profile_info *info)
{
	static const char *const causes[] = { NULL, NULL, "no frame pointers", "memory limit" };
	uint32_t frames[MAX_DEPTH], n = below(r, MAX_DEPTH);
	struct hearth_sample s = {
		.value = 1 + below(r, 5), .thread = any_thread(r, b), .cpu = below(r, 4),
		.time_ns = info->window_start_ns + below(r, 1000),
	};

	for (uint32_t i = 0; i < n; i++)
		frames[i] = any_frame(r, b);
	s.stack = hearth_build_stack(b, frames, n,
				     hearth_flat_intern_string(b, pick(r, causes, ARRAY_SIZE(causes))));
	if (info->period_type && (!info->period || below(r, 3) == 0))
		s.period = 1 + below(r, 1 << 30);
	hearth_build_sample(b, &s);
}

/* Events of one kind must not be mistaken for those of another. */
static void any_batch(struct random *r, struct hearth_flat_builder *b, uint32_t event)
{
	static const struct {
		const char *name, *type, *unit, *period_type, *period_unit;
		uint64_t period;
	} events[] = {
		{ "cpu-clock", "samples", "count", "cpu", "nanoseconds", 1003009 },
		{ "cycles", "samples", "count", "cycles", "count", 0 },
		{ "off-cpu", "off-cpu", "nanoseconds", NULL, NULL, 0 },
		{ "page-faults", "samples", "count", "page-faults", "count", 0 },
	};
	uint32_t n = 1 + below(r, MAX_SAMPLES);
	struct hearth_profile_info info = {
		.event = hearth_flat_intern_string(b, events[event].name),
		.sample_type = hearth_flat_intern_string(b, events[event].type),
		.sample_unit = hearth_flat_intern_string(b, events[event].unit),
		.period_type = hearth_flat_intern_string(b, events[event].period_type),
		.period_unit = hearth_flat_intern_string(b, events[event].period_unit),
		.period = events[event].period,
		.window_start_ns = 5000000000, .window_end_ns = 6000000000,
		.clock_monotonic_ns = 4000000000, .clock_realtime_ns = 1790000000000000000,
	};

	for (uint32_t i = 0; i < n; i++)
		add_sample(r, b, &info);
	hearth_build_info(b, &info);
}

static void write_and_read(struct profile *p, struct reading *back)
{
	_cleanup_(outfile_freep) struct outfile *file = NULL;
	char folder[] = "/tmp/hearth-test-trip-XXXXXX", path[64];
	struct outdir dir = { .fd = -1 };
	uint8_t *bytes;
	struct stat st;
	char *why = NULL;
	FILE *f;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/p", folder);
	assert_int_equal(outdir_open(&dir, folder, &why), 0);
	assert_int_equal(outfile_new(&dir, "p", &file, &why), 0);
	assert_int_equal(message_write(p, NULL, 6, file), 0);
	assert_int_equal(outfile_commit(file, false, &why), 0);
	assert_int_equal(stat(path, &st), 0);
	bytes = malloc((size_t)st.st_size);
	f = fopen(path, "re");
	assert_int_equal(fread(bytes, 1, (size_t)st.st_size, f), st.st_size);
	fclose(f);
	reading_begin(back, bytes, (size_t)st.st_size);
	back->is_with_types = true;
	assert_int_equal(reading_all(back), 0);
	free(bytes);
	outdir_done(&dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void check_profile(uint64_t seed)
{
	const uint32_t all = WITH_PID | WITH_TID | WITH_COMM | WITH_THREAD_COMM | WITH_CONTAINER | WITH_CPU | WITH_TIME;
	struct random r = { seed * 0x9e3779b97f4a7c15 + 1 };
	_cleanup_(profile_freep) struct profile *p = NULL;
	struct reading before = { .is_with_types = true }, back;
	struct hearth_flat_builder b;
	struct hearth_mock source;
	uint32_t n_events = 1 + below(&r, 4), first = below(&r, 4);

	hearth_mock_init(&source, NULL);
	hearth_flat_init(&b);
	assert_int_equal(profile_new(1 << 26, all, &p), 0);
	for (uint32_t i = 0; i < n_events; i++) {
		any_batch(&r, &b, (first + i) % 4);
		assert_int_equal(hearth_flat_emit(&b, &source.host, HEARTH_PROFILE_SCHEMA, NULL), 0);
		hearth_flat_reset(&b);
		reading_say_batch(&before, hearth_mock_emitted(&source, i));
		assert_int_equal(profile_add_batch(p, hearth_mock_emitted(&source, i)), 0);
	}
	write_and_read(p, &back);
	assert_string_equal(reading_text(&back), reading_text(&before));
	free(before.text);
	reading_done(&back);
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&source), 0);
}

TEST(random_profiles_come_back_as_they_were)
{
	for (uint64_t seed = 1; seed <= N_PROFILES; seed++)
		check_profile(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_profiles_come_back_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
