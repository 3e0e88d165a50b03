/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/cleanup.h"
#include "perf_sample.h"
#include "test_rings.h"

static void task_records_name_child_and_parent(void **state)
{
	struct process_event e;
	struct fake_record r;

	(void)state;
	fake_task_record(&r, PERF_RECORD_FORK, 20, 10, 21, 77);
	assert_int_equal(perf_record_parse(r.bytes, r.len, &e), 0);
	assert_int_equal(e.kind, PROCESS_EVENT_FORK);
	assert_int_equal(e.pid, 20);
	assert_int_equal(e.tid, 21);
	assert_int_equal(e.parent_pid, 10);
	assert_int_equal(e.parent_tid, 11);
	assert_int_equal(e.time_ns, 77);
	fake_task_record(&r, PERF_RECORD_EXIT, 20, 10, 20, 78);
	assert_int_equal(perf_record_parse(r.bytes, r.len, &e), 0);
	assert_int_equal(e.kind, PROCESS_EVENT_EXIT);
}

static void exec_is_told_from_a_change_of_name(void **state)
{
	struct process_event e;
	struct fake_record r;

	(void)state;
	fake_comm_record(&r, 0, 20, "worker", 5);
	assert_int_equal(perf_record_parse(r.bytes, r.len, &e), 0);
	assert_int_equal(e.kind, PROCESS_EVENT_COMM);
	assert_string_equal(e.comm, "worker");
	fake_comm_record(&r, PERF_RECORD_MISC_COMM_EXEC, 20, "gzip", 6);
	assert_int_equal(perf_record_parse(r.bytes, r.len, &e), 0);
	assert_int_equal(e.kind, PROCESS_EVENT_EXEC);
	assert_string_equal(e.comm, "gzip");
}

static void mmap_carries_the_file_and_where_it_is(void **state)
{
	struct process_event e;
	struct fake_record r;

	(void)state;
	fake_mmap_record(&r, 20, 0x7000, 0x2000, 42, "/bin/gzip", 9);
	assert_int_equal(perf_record_parse(r.bytes, r.len, &e), 0);
	assert_int_equal(e.kind, PROCESS_EVENT_MMAP);
	assert_int_equal(e.start, 0x7000);
	assert_int_equal(e.end, 0x9000);
	assert_int_equal(e.file_offset, 0x1000);
	assert_int_equal(e.device_major, 8);
	assert_int_equal(e.device_minor, 1);
	assert_int_equal(e.inode, 42);
	assert_string_equal(e.path, "/bin/gzip");
}

static void lost_says_how_many(void **state)
{
	struct process_event e;
	struct fake_record r;

	(void)state;
	fake_lost_record(&r, 1234, 9);
	assert_int_equal(perf_record_parse(r.bytes, r.len, &e), 0);
	assert_int_equal(e.kind, PROCESS_EVENT_LOST);
	assert_int_equal(e.lost, 1234);
}

static void other_records_are_skipped(void **state)
{
	struct process_event e = { .kind = PROCESS_EVENT_FORK };
	struct fake_record r;

	(void)state;
	fake_begin(&r, PERF_RECORD_THROTTLE, 0);
	fake_end(&r, 0, 0, 0);
	assert_int_equal(perf_record_parse(r.bytes, r.len, &e), 0);
	assert_int_equal(e.kind, PROCESS_EVENT_NONE);
}

static void set_size(struct fake_record *r, uint16_t size)
{
	memcpy(r->bytes + offsetof(struct perf_event_header, size), &size, sizeof(size));
}

static void a_record_that_contradicts_itself_is_refused(void **state)
{
	static const uint16_t sizes[] = { 0, 4, 7, 8, 16, 24, 72, 80, 88, 65535 };
	struct process_event e = { .pid = 1 };
	struct fake_record r;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fake_mmap_record(&r, 20, 0x7000, 0x2000, 42, "/bin/gzip", 9);
		set_size(&r, sizes[i]);
		assert_int_equal(perf_record_parse(r.bytes, r.len, &e), -EBADMSG);
		assert_int_equal(e.pid, 1); /* untouched */
	}
	assert_int_equal(perf_record_parse(r.bytes, 7, &e), -EBADMSG);
}

static void a_path_without_end_is_refused(void **state)
{
	struct process_event e;
	struct fake_record r;

	(void)state;
	fake_comm_record(&r, 0, 20, "1234567", 5);
	memset(r.bytes + 16, 'x', 8);
	assert_int_equal(perf_record_parse(r.bytes, r.len, &e), -EBADMSG);
}

static void a_mapping_that_wraps_around_is_refused(void **state)
{
	struct process_event e;
	struct fake_record r;

	(void)state;
	fake_mmap_record(&r, 20, UINT64_MAX - 10, 0x2000, 42, "/bin/gzip", 9);
	assert_int_equal(perf_record_parse(r.bytes, r.len, &e), -EBADMSG);
	fake_mmap_record(&r, 20, 0x1000, 0, 42, "/bin/gzip", 9);
	assert_int_equal(perf_record_parse(r.bytes, r.len, &e), -EBADMSG);
}

static void a_sample_brings_its_user_stack(void **state)
{
	static const uint64_t chain[] = {
		(uint64_t)PERF_CONTEXT_KERNEL, 0xffffffff81000000, (uint64_t)PERF_CONTEXT_USER, 0x1000,
		0x2000, 0x3000,
	};
	struct perf_sample s;
	struct process_event e;
	struct fake_record r;

	(void)state;
	fake_chain_record(&r, 20, 20, 9, chain, 6);
	assert_int_equal(perf_record_parse(r.bytes, r.len, &e), 0);
	assert_int_equal(e.kind, PROCESS_EVENT_SAMPLE);
	assert_int_equal(e.time_ns, 9);
	e.cpu = 3;
	perf_sample_take(&e, &s);
	assert_int_equal(s.head.pid, 20);
	assert_int_equal(s.head.cpu, 3);
	assert_int_equal(s.head.n_kernel, 0);
	assert_int_equal(s.head.n_user, 3);
	assert_int_equal(s.addresses[0], 0x1000);
	assert_int_equal(s.addresses[2], 0x3000);
	assert_int_equal(s.head.flags, SAMPLE_USER_UNCHECKED); /* never passed off as whole */
}

static void a_stack_that_fills_the_limit_is_cut(void **state)
{
	uint64_t chain[SAMPLE_MAX_FRAMES + 9];
	struct perf_sample s;
	struct process_event e;
	struct fake_record r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(chain); i++)
		chain[i] = 0x1000 + i;
	fake_chain_record(&r, 20, 20, 9, chain, ARRAY_SIZE(chain));
	assert_int_equal(perf_record_parse(r.bytes, r.len, &e), 0);
	perf_sample_take(&e, &s);
	assert_int_equal(s.head.n_user, SAMPLE_MAX_FRAMES);
	assert_int_equal(s.head.flags, SAMPLE_USER_CUT);
}

static void a_chain_longer_than_its_record_is_refused(void **state)
{
	static const uint64_t lengths[] = { 4, 1 << 20, UINT64_MAX, UINT64_MAX / 8 + 1 };
	static const uint64_t chain[] = { 1, 2, 3 };
	struct process_event e;
	struct fake_record r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		fake_chain_record(&r, 20, 20, 9, chain, 3);
		memcpy(r.bytes + 24, &lengths[i], sizeof(lengths[i]));
		assert_int_equal(perf_record_parse(r.bytes, r.len, &e), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(task_records_name_child_and_parent),
		cmocka_unit_test(exec_is_told_from_a_change_of_name),
		cmocka_unit_test(mmap_carries_the_file_and_where_it_is),
		cmocka_unit_test(lost_says_how_many),
		cmocka_unit_test(other_records_are_skipped),
		cmocka_unit_test(a_record_that_contradicts_itself_is_refused),
		cmocka_unit_test(a_path_without_end_is_refused),
		cmocka_unit_test(a_mapping_that_wraps_around_is_refused),
		cmocka_unit_test(a_sample_brings_its_user_stack),
		cmocka_unit_test(a_stack_that_fills_the_limit_is_cut),
		cmocka_unit_test(a_chain_longer_than_its_record_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
