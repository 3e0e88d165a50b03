/* SPDX-License-Identifier: Apache-2.0 */
/* Small recordings of tests/fuzz/corpus, whole, cut off and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/perf_format.h"
#include "test_reading.h"

enum { MAX_FILE = 8192, N_SAMPLES = 8 };

struct file {
	uint8_t bytes[MAX_FILE];
	size_t len;
};

static void load(const char *name, struct file *ret)
{
	char path[512];
	_cleanup_close_ int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/perf_data/%s.data", getenv("HEARTH_SOURCE_DIR"), name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, ret->bytes, sizeof(ret->bytes));
	assert_true(n > 0 && n < MAX_FILE);
	ret->len = (size_t)n;
}

static struct reading read_bytes(const void *data, size_t len)
{
	struct reading t = { .r = 0 };

	reading_run(&t, &perf_format, data, len);
	return t;
}

static void every_form_of_a_recording_has_the_same_samples(void **state)
{
	static const char *const forms[] = {
		"file", "pipe", "packed", "packed-pipe", "unclosed", "old-attr", "new-attr",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct reading t;
		struct file f;

		load(forms[i], &f);
		t = read_bytes(f.bytes, f.len);
		assert_int_equal(t.r, 0);
		assert_int_equal(t.n_samples, N_SAMPLES);
		assert_int_equal(t.n_batches, 2); /* one per event */
	}
}

static void fields_of_variable_length_are_passed_over(void **state)
{
	struct reading t;
	struct file f;

	(void)state;
	load("everything", &f);
	t = read_bytes(f.bytes, f.len);
	assert_int_equal(t.r, 0);
	assert_int_equal(t.n_samples, 2);
	assert_int_equal(t.n_lines, 0);
}

/* Samples whose records are whole in the first n bytes. */
static uint64_t samples_before(const struct file *f, size_t first, size_t n)
{
	struct perf_event_header h;
	uint64_t count = 0;

	for (size_t at = first; at + sizeof(h) <= n; at += h.size) {
		memcpy(&h, f->bytes + at, sizeof(h));
		if (h.size < sizeof(h) || at + h.size > n)
			break;
		count += h.type == PERF_RECORD_SAMPLE;
		if (h.type == 66)
			at += 16; /* the bytes that follow HEADER_TRACING_DATA */
	}
	return count;
}

static void a_prefix_gives_every_sample_that_is_whole_in_it(void **state)
{
	struct perf_file_header header;
	struct file f;

	(void)state;
	load("file", &f);
	memcpy(&header, f.bytes, sizeof(header));
	for (size_t n = 1; n <= f.len; n++) {
		struct reading t = read_bytes(f.bytes, n);
		size_t end = header.data.offset + header.data.size;

		assert_int_equal(t.r, n < header.data.offset ? -EBADMSG : 0);
		assert_int_equal(t.n_samples, t.r ? 0 : samples_before(&f, header.data.offset, n < end ? n : end));
		assert_true(t.r || n >= end || t.n_lines > 0);
	}
}

static void a_prefix_of_a_pipe_gives_every_sample_that_is_whole_in_it(void **state)
{
	struct file f;

	(void)state;
	load("pipe", &f);
	for (size_t n = 1; n <= f.len; n++) {
		struct reading t = read_bytes(f.bytes, n);

		assert_int_equal(t.n_samples, samples_before(&f, 16, n));
	}
}

static void a_flipped_byte_is_survived(void **state)
{
	static const char *const forms[] = { "file", "pipe", "packed-pipe", "everything" };
	static const uint8_t flips[] = { 0xff, 0x01, 0x80 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct file f;

		load(forms[i], &f);
		for (size_t k = 0; k < f.len; k++) { /* in every way: the corpus of fuzz_perf_data */
			uint8_t *byte = &f.bytes[k], flip = flips[k % ARRAY_SIZE(flips)];
			struct reading t;

			*byte ^= flip;
			t = read_bytes(f.bytes, f.len);
			*byte ^= flip;
			assert_true(t.r == 0 || t.r == -EBADMSG);
			assert_true(t.n_samples <= N_SAMPLES + 1);
		}
	}
}

static void what_is_no_recording_says_so(void **state)
{
	static const struct {
		const char *bytes, *why;
	} cases[] = {
		{ "2ELIFREP\0\0\0\0\0\0\0h", "other byte order" },
		{ "PERFFILE\x68\0\0\0\0\0\0\0", "before Linux 3.2" },
		{ "PERFILE2\x01\0\0\0\0\0\0\0", "claims to have 1 bytes" },
		{ "PERFILE2\x68\0\0\0\0\0\0\0", "cut off in its header" },
		{ "PERFILE2\x10\0\0\0\0\0\0\0", "tells of no event" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct reading t = read_bytes(cases[i].bytes, 16);

		assert_int_equal(t.r, -EBADMSG);
		assert_non_null(strstr(t.warnings.failure, cases[i].why));
	}
}

static void one_event_can_be_chosen(void **state)
{
	struct reading t = { .context = { .event = "page-faults" } };
	struct file f;

	(void)state;
	load("file", &f);
	reading_run(&t, &perf_format, f.bytes, f.len);
	assert_int_equal(t.r, 0);
	assert_int_equal(t.n_batches, 1);
	assert_int_equal(t.n_samples, 4);
	t.context.event = "cycles";
	reading_run(&t, &perf_format, f.bytes, f.len);
	assert_int_equal(t.r, -EBADMSG);
	assert_non_null(strstr(t.warnings.failure, "it has cpu-clock:u"));
}

/* ---- what is in a batch ---- */

struct seen {
	char comms[N_SAMPLES][32], leaves[N_SAMPLES][32];
	uint64_t times[N_SAMPLES];
	size_t n;
	uint64_t lost, realtime_ns;
};

static const char *string_of(const struct hearth_flat_builder *b, uint32_t index)
{
	const struct hearth_flat_text *rows = (const void *)b->rows[HEARTH_STRINGS].bytes;

	return index ? b->text + rows[index].offset : "";
}

#define ROW(b, id, type, i) (((const struct type *)(const void *)(b)->rows[id].bytes)[i])

static void look(void *ctx, struct draft *d)
{
	const struct hearth_flat_builder *b = &d->builder;
	struct seen *seen = ctx;

	for (uint64_t i = 0; i < b->rows[HEARTH_PROFILE_SAMPLES].count; i++, seen->n++) {
		struct hearth_sample s = ROW(b, HEARTH_PROFILE_SAMPLES, hearth_sample, i);
		struct hearth_thread t = ROW(b, HEARTH_PROFILE_THREADS, hearth_thread, s.thread);
		struct hearth_stack k = ROW(b, HEARTH_PROFILE_STACKS, hearth_stack, s.stack);
		uint32_t leaf = ((const uint32_t *)(const void *)b->rows[HEARTH_PROFILE_STACK_FRAMES].bytes)[k.first];
		struct hearth_frame f = ROW(b, HEARTH_PROFILE_FRAMES, hearth_frame, leaf);
		struct hearth_binary file = ROW(b, HEARTH_PROFILE_BINARIES, hearth_binary, f.binary);

		snprintf(seen->comms[seen->n], 32, "%s", string_of(b, t.comm));
		snprintf(seen->leaves[seen->n], 32, "%s", string_of(b, file.path));
		seen->times[seen->n] = s.time_ns;
	}
	for (uint64_t i = 0; i < b->rows[HEARTH_PROFILE_LOSSES].count; i++)
		seen->lost += ROW(b, HEARTH_PROFILE_LOSSES, hearth_loss, i).count;
	seen->realtime_ns = ROW(b, HEARTH_PROFILE_INFO, hearth_profile_info, 0).clock_realtime_ns;
}

static void tasks_and_mappings_are_those_of_the_samples_time(void **state)
{
	static const struct {
		uint64_t time_ns;
		const char *comm, *leaf;
	} expected[] = {
		{ 100, "shop", "/bin/shop" }, { 105, "shop", "/bin/shop" }, { 110, "shop", "[kernel]" },
		{ 153, "worker", "[jit]" }, { 120, "shop", "/bin/shop" }, { 150, "child", "/bin/shop" },
		{ 170, "other", "/bin/other" }, { 190, "shop", "[kernel]" },
	};
	struct seen seen = { .n = 0 };
	struct reading t = { .on_draft = look, .ctx = &seen };
	struct file f;

	(void)state;
	load("file", &f);
	reading_run(&t, &perf_format, f.bytes, f.len);
	assert_int_equal(seen.n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < seen.n; i++) {
		assert_int_equal(seen.times[i], expected[i].time_ns);
		assert_string_equal(seen.comms[i], expected[i].comm);
		assert_string_equal(seen.leaves[i], expected[i].leaf);
	}
	assert_int_equal(seen.lost, 5 + 3);
	assert_int_equal(seen.realtime_ns, 1000000000000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_recording_has_the_same_samples),
		cmocka_unit_test(fields_of_variable_length_are_passed_over),
		cmocka_unit_test(a_prefix_gives_every_sample_that_is_whole_in_it),
		cmocka_unit_test(a_prefix_of_a_pipe_gives_every_sample_that_is_whole_in_it),
		cmocka_unit_test(a_flipped_byte_is_survived),
		cmocka_unit_test(what_is_no_recording_says_so),
		cmocka_unit_test(one_event_can_be_chosen),
		cmocka_unit_test(tasks_and_mappings_are_those_of_the_samples_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
