/* SPDX-License-Identifier: Apache-2.0 */
/* What perf is told of a batch, and in which order. */
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/perf_format.h"
#include "common/test_profile.h"
#include "recorder.h"

struct writing {
	struct test_profile p;
	struct recorder recorder;
	struct event event;
	struct kernel_map kernel;
	char *text; /* of the records, a line each */
};

static void begin(struct writing *w)
{
	*w = (struct writing){ .event = { .name = "cpu-clock", .period = 1000, .id = 1 } };
	test_profile_begin(&w->p);
	recorder_init(&w->recorder, &w->kernel);
	assert_int_equal(recorder_begin(&w->recorder), 0);
}

static void end(struct writing *w)
{
	recorder_done(&w->recorder);
	test_profile_done(&w->p);
	free(w->text);
}

/* ---- making a batch ---- */

static uint32_t process(struct writing *w, uint32_t pid, uint32_t generation, const char *comm)
{
	struct hearth_process row = { .pid = pid, .exec_generation = generation, .start_time = 7,
				      .parent_pid = 1 };

	row.comm = hearth_flat_intern_string(&w->p.b, comm);
	return hearth_build_process(&w->p.b, &row);
}

static uint32_t binary(struct writing *w, const char *path)
{
	struct hearth_binary row = { .size = 1, .build_id_len = 2, .build_id = { 0xab, 0xcd } };

	row.path = hearth_flat_intern_string(&w->p.b, path);
	return hearth_build_binary(&w->p.b, &row);
}

static void map(struct writing *w, uint32_t process, uint32_t binary, uint64_t start, uint64_t vaddr,
		uint64_t since_ns)
{
	struct hearth_mapping row = { .start = start, .end = start + 0x1000, .file_offset = 0x1000,
				      .process = process, .binary = binary, .vaddr = vaddr };
	struct hearth_process_event event = { .time_ns = since_ns, .kind = HEARTH_EVENT_MMAP,
					      .process = process };

	event.mapping = hearth_build_mapping(&w->p.b, &row);
	hearth_build_event(&w->p.b, &event);
}

static uint32_t frame(struct writing *w, uint32_t kind, uint32_t binary, uint64_t address)
{
	struct hearth_frame row = { .address = address, .kind = kind, .binary = binary };

	return hearth_build_frame(&w->p.b, &row);
}

static void sample(struct writing *w, uint32_t process, uint32_t tid, const char *comm, uint64_t time_ns,
		   const uint32_t *frames, uint32_t n)
{
	struct hearth_thread thread = { .process = process, .tid = tid };
	struct hearth_sample row = { .time_ns = time_ns, .value = 1, .cpu = 3 };

	thread.comm = hearth_flat_intern_string(&w->p.b, comm);
	row.thread = hearth_build_thread(&w->p.b, &thread);
	row.stack = hearth_build_stack(&w->p.b, frames, n, 0);
	hearth_build_sample(&w->p.b, &row);
}

/* ---- reading the records back ---- */

static uint64_t u64_at(const uint8_t *p)
{
	uint64_t n;

	memcpy(&n, p, sizeof(n));
	return n;
}

static uint32_t u32_at(const uint8_t *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return n;
}

/* The time in the trailer: pid, tid, time, cpu, id are the last 32 bytes. */
static uint64_t stamp_time(const uint8_t *record, uint16_t size)
{
	return u64_at(record + size - 24);
}

static void describe_sample(FILE *f, const uint8_t *p)
{
	uint64_t n = u64_at(p + 48);

	fprintf(f, "sample %u/%u @%llu cpu %u:", u32_at(p + 24), u32_at(p + 28),
		(unsigned long long)u64_at(p + 32), u32_at(p + 40));
	for (uint64_t i = 0; i < n; i++)
		fprintf(f, " %llx", (unsigned long long)u64_at(p + 56 + i * 8));
	fputc('\n', f);
}

static void describe(FILE *f, const uint8_t *p, const struct perf_event_header *h)
{
	unsigned long long time = stamp_time(p, h->size);

	switch (h->type) {
	case PERF_RECORD_COMM:
		fprintf(f, "comm %u/%u %s%s @%llu\n", u32_at(p + 8), u32_at(p + 12), (const char *)p + 16,
			h->misc & PERF_RECORD_MISC_COMM_EXEC ? " exec" : "", time);
		break;
	case PERF_RECORD_FORK:
		fprintf(f, "fork %u/%u of %u @%llu\n", u32_at(p + 8), u32_at(p + 16), u32_at(p + 12), time);
		break;
	case PERF_RECORD_EXIT:
		fprintf(f, "exit %u/%u @%llu\n", u32_at(p + 8), u32_at(p + 16), time);
		break;
	case PERF_RECORD_MMAP2:
		fprintf(f, "map %u %llx %s @%llu\n", u32_at(p + 8), (unsigned long long)u64_at(p + 16),
			(const char *)p + 72, time);
		break;
	case PERF_RECORD_SAMPLE:
		describe_sample(f, p);
		break;
	case PERF_RECORD_LOST_SAMPLES:
		fprintf(f, "lost %llu\n", (unsigned long long)u64_at(p + 8));
		break;
	default:
		fprintf(f, "record %u\n", h->type);
	}
}

/* The records of the batch. */
static const char *told(struct writing *w)
{
	const struct hearth_batch *b = test_profile_end(&w->p);
	struct encoder *out = &w->recorder.out;
	struct perf_event_header h;
	struct hearth_flat flat;
	size_t size;
	FILE *f;

	free(w->text);
	f = open_memstream(&w->text, &size);
	assert_non_null(f);
	encoder_reset(out);
	assert_int_equal(hearth_profile_open(&flat, b), 0);
	assert_int_equal(recorder_add(&w->recorder, &flat, &w->event, 1), 0);
	for (size_t at = 0; at < out->len; at += h.size) {
		memcpy(&h, out->bytes + at, sizeof(h));
		assert_true(h.size >= sizeof(h) && h.size % 8 == 0 && at + h.size <= out->len);
		describe(f, out->bytes + at, &h);
	}
	assert_int_equal(fclose(f), 0);
	return w->text;
}

/* ---- tests ---- */

TEST(a_process_is_introduced_with_its_mappings_before_its_first_sample)
{
	struct writing w;
	uint32_t app, lib, p, frames[2];

	begin(&w);
	p = process(&w, 100, 0, "app");
	app = binary(&w, "/bin/app");
	lib = binary(&w, "/lib/lib.so");
	map(&w, p, app, 0x10000, 0x401000, 0);
	map(&w, p, lib, 0x20000, 0x1000, 0);
	frames[0] = frame(&w, HEARTH_FRAME_NATIVE, lib, 0x1234);
	frames[1] = frame(&w, HEARTH_FRAME_NATIVE, app, 0x401567);
	sample(&w, p, 100, "app", 5, frames, 2);
	assert_string_equal(told(&w), "fork 100/100 of 1 @5\n"
				      "comm 100/100 app exec @5\n"
				      "map 100 10000 /bin/app @5\n"
				      "map 100 20000 /lib/lib.so @5\n"
				      "sample 100/100 @5 cpu 3: fffffffffffffe00 20234 10567\n"
				      "record 68\n");
	end(&w);
}

TEST(nothing_is_told_twice)
{
	struct writing w;

	begin(&w);
	for (uint64_t round = 0; round < 2; round++) {
		uint32_t p = process(&w, 100, 0, "app"), app = binary(&w, "/bin/app"), f;

		map(&w, p, app, 0x10000, 0x401000, 0);
		f = frame(&w, HEARTH_FRAME_NATIVE, app, 0x401567);
		sample(&w, p, 100, "app", 5 + round, &f, 1);
		w.p.info.window_end_ns++;
		(void)told(&w);
	}
	assert_string_equal(w.text, "sample 100/100 @6 cpu 3: fffffffffffffe00 10567\nrecord 68\n");
	end(&w);
}

TEST(a_library_that_takes_anothers_place_is_told_when_it_does)
{
	struct writing w;
	uint32_t p, a, b, f;

	begin(&w);
	p = process(&w, 100, 0, "app");
	a = binary(&w, "/lib/a.so");
	b = binary(&w, "/lib/b.so");
	map(&w, p, a, 0x10000, 0x1000, 0);
	map(&w, p, b, 0x10000, 0x1000, 20);
	f = frame(&w, HEARTH_FRAME_NATIVE, b, 0x1200);
	sample(&w, p, 100, "app", 25, &f, 1);
	f = frame(&w, HEARTH_FRAME_NATIVE, a, 0x1100);
	sample(&w, p, 100, "app", 10, &f, 1);
	assert_string_equal(told(&w), "fork 100/100 of 1 @10\n"
				      "comm 100/100 app exec @10\n"
				      "map 100 10000 /lib/a.so @10\n"
				      "sample 100/100 @10 cpu 3: fffffffffffffe00 10100\n"
				      "map 100 10000 /lib/b.so @20\n"
				      "sample 100/100 @25 cpu 3: fffffffffffffe00 10200\n"
				      "record 68\n");
	end(&w);
}

TEST(a_file_that_is_mapped_anew_elsewhere_is_where_it_was_at_the_time)
{
	struct writing w;
	uint32_t p, a, f;

	begin(&w);
	p = process(&w, 100, 0, "app");
	a = binary(&w, "/lib/a.so");
	map(&w, p, a, 0x10000, 0x1000, 0);
	map(&w, p, a, 0x50000, 0x1000, 20);
	f = frame(&w, HEARTH_FRAME_NATIVE, a, 0x1100);
	sample(&w, p, 100, "app", 10, &f, 1);
	sample(&w, p, 100, "app", 25, &f, 1);
	assert_non_null(strstr(told(&w), "@10 cpu 3: fffffffffffffe00 10100\n"));
	assert_non_null(strstr(w.text, "@25 cpu 3: fffffffffffffe00 50100\n"));
	end(&w);
}

TEST(who_takes_over_a_pid_is_introduced_between_the_two)
{
	struct writing w;
	uint32_t first, second, f = 0;

	begin(&w);
	first = process(&w, 100, 0, "sh");
	second = process(&w, 100, 1, "gzip");
	f = frame(&w, HEARTH_FRAME_KERNEL, 0, 0xffffffff81000010);
	sample(&w, first, 100, "sh", 10, &f, 1);
	sample(&w, second, 100, "gzip", 20, &f, 1);
	assert_string_equal(told(&w), "fork 100/100 of 1 @10\n"
				      "comm 100/100 sh exec @10\n"
				      "sample 100/100 @10 cpu 3: ffffffffffffff80 ffffffff81000010\n"
				      "fork 100/100 of 1 @20\n"
				      "comm 100/100 gzip exec @20\n"
				      "sample 100/100 @20 cpu 3: ffffffffffffff80 ffffffff81000010\n"
				      "record 68\n");
	end(&w);
}

TEST(a_thread_has_its_own_name)
{
	struct writing w;
	uint32_t p, frames[2];

	begin(&w);
	p = process(&w, 100, 0, "app");
	frames[0] = frame(&w, HEARTH_FRAME_KERNEL, 0, 0xffffffff81000010);
	sample(&w, p, 101, "worker", 10, frames, 1);
	sample(&w, p, 101, "idle", 11, frames, 1);
	assert_string_equal(told(&w), "fork 100/100 of 1 @10\n"
				      "comm 100/100 app exec @10\n"
				      "fork 100/101 of 100 @10\n"
				      "comm 100/101 worker @10\n"
				      "sample 100/101 @10 cpu 3: ffffffffffffff80 ffffffff81000010\n"
				      "comm 100/101 idle @11\n"
				      "sample 100/101 @11 cpu 3: ffffffffffffff80 ffffffff81000010\n"
				      "record 68\n");
	end(&w);
}

TEST(a_frame_whose_file_is_mapped_nowhere_is_counted)
{
	struct writing w;
	uint32_t p, f;

	begin(&w);
	p = process(&w, 100, 0, "app");
	f = frame(&w, HEARTH_FRAME_NATIVE, binary(&w, "/bin/app"), 0x401567);
	sample(&w, p, 100, "app", 5, &f, 1);
	assert_non_null(strstr(told(&w), "sample 100/100 @5 cpu 3:\n"));
	assert_int_equal(w.recorder.n_lost_frames, 1);
	end(&w);
}

TEST(what_was_lost_is_told_at_the_end_of_the_window)
{
	struct writing w;

	begin(&w);
	hearth_build_loss(&w.p.b, HEARTH_LOSS_SAMPLES, "ring full", 3);
	hearth_build_loss(&w.p.b, HEARTH_LOSS_STACKS, "no frame pointers", 9);
	assert_string_equal(told(&w), "lost 3\nrecord 68\n");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_introduced_with_its_mappings_before_its_first_sample),
		cmocka_unit_test(nothing_is_told_twice),
		cmocka_unit_test(a_library_that_takes_anothers_place_is_told_when_it_does),
		cmocka_unit_test(a_file_that_is_mapped_anew_elsewhere_is_where_it_was_at_the_time),
		cmocka_unit_test(who_takes_over_a_pid_is_introduced_between_the_two),
		cmocka_unit_test(a_thread_has_its_own_name),
		cmocka_unit_test(a_frame_whose_file_is_mapped_nowhere_is_counted),
		cmocka_unit_test(what_was_lost_is_told_at_the_end_of_the_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
