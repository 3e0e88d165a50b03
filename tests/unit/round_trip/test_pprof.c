/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random batches through pprof-writer and profile-reader, the plugins as they are installed: every
 * field that pprof has a place for comes back as it was.
 * What it has none for is not in the batches: return addresses come back as the byte before, which
 * the texts that are compared spell alike.
 */
#include "common/test_batch_text.h"

#include <dlfcn.h>
#include <unistd.h>

enum { N_PROFILES = 40, MAX_SAMPLES = 40, MAX_DEPTH = 12 };

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

/* ---- there and back ---- */

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
	writer = load("pprof-writer");
	reader = load("profile-reader");
	return 0;
}

static void begin(struct hearth_mock *m, const struct hearth_component *c, const char *setting)
{
	hearth_mock_init(m, c);
	assert_int_equal(hearth_mock_set(m, setting), 0);
	if (c == writer)
		assert_int_equal(hearth_mock_set(m, "labels=pid,tid,comm,thread_comm,container_id,cpu,"
						 "timestamp_ns"), 0);
	assert_int_equal(hearth_mock_create(m), 0);
	assert_int_equal(hearth_mock_start(m), 0);
}

/* Up to four events, each a batch; their text is what has to come back. */
static void write_profile(const char *folder, uint64_t seed, struct batch_text *text)
{
	struct random r = { seed * 0x9e3779b97f4a7c15 + 1 };
	uint32_t n_events = 1 + below(&r, 4), first = below(&r, 4);
	struct hearth_mock source, m;
	struct hearth_flat_builder b;
	char setting[96];

	snprintf(setting, sizeof(setting), "directory=%s", folder);
	begin(&m, writer, setting);
	hearth_mock_init(&source, NULL);
	hearth_flat_init(&b);
	for (uint32_t i = 0; i < n_events; i++) {
		any_batch(&r, &b, (first + i) % 4);
		assert_int_equal(hearth_flat_emit(&b, &source.host, HEARTH_PROFILE_SCHEMA, NULL), 0);
		hearth_flat_reset(&b);
		batch_text_add(text, hearth_mock_emitted(&source, i));
		assert_int_equal(hearth_mock_feed(&m, hearth_mock_emitted(&source, i)), 0);
	}
	assert_int_equal(hearth_mock_finish(&m), 0);
	hearth_flat_done(&b);
	assert_int_equal(hearth_mock_done(&source), 0);
	assert_int_equal(hearth_mock_done(&m), 0);
}

static void read_profile(const char *path, struct batch_text *text)
{
	struct hearth_mock m;
	char setting[128];

	snprintf(setting, sizeof(setting), "file=%s", path);
	begin(&m, reader, setting);
	hearth_mock_run_wakes(&m);
	assert_null(m.failure);
	assert_int_equal(m.n_finished, 1);
	for (uint32_t i = 0; i < m.n_emitted; i++)
		batch_text_add(text, hearth_mock_emitted(&m, i));
	assert_int_equal(hearth_mock_done(&m), 0);
}

static void check_profile(uint64_t seed)
{
	struct batch_text before = { .is_with_types = true }, after = { .is_with_types = true };
	char folder[] = "/tmp/hearth-test-round-trip-XXXXXX", path[64];

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/profile.pb.gz", folder);
	write_profile(folder, seed, &before);
	read_profile(path, &after);
	assert_string_equal(batch_text_sorted(&after), batch_text_sorted(&before));
	free(before.text);
	free(after.text);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

TEST(random_profiles_come_back_as_they_were)
{
	uint64_t n = getenv("HEARTH_LONG") ? 10 * N_PROFILES : N_PROFILES;

	for (uint64_t seed = 1; seed <= n; seed++)
		check_profile(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_profiles_come_back_as_they_were),
	};

	return cmocka_run_group_tests(tests, load_both, NULL);
}
