/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of batches, field by field: they are read by other processes and from disk. */
#include "test.h"

#include <errno.h>
#include <string.h>

/* A hole that the compiler makes would be read as a field one day. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"
#include <hearth/artifact.h>
#include <hearth/flat.h>
#include <hearth/metrics.h>
#include <hearth/profile.h>
#include <hearth/receipt.h>
#pragma GCC diagnostic pop

#include "abi.h"

/* hearth/flat.h */
FIELD(hearth_flat_header, magic, 0, 4);
FIELD(hearth_flat_header, size, 4, 4);
FIELD(hearth_flat_header, n_sections, 8, 4);
FIELD(hearth_flat_header, section_stride, 12, 4);
FIELD(hearth_flat_header, section_offset, 16, 8);
SIZE(hearth_flat_header, 24);

FIELD(hearth_flat_section, id, 0, 4);
FIELD(hearth_flat_section, stride, 4, 4);
FIELD(hearth_flat_section, segment, 8, 4);
FIELD(hearth_flat_section, flags, 12, 4);
FIELD(hearth_flat_section, offset, 16, 8);
FIELD(hearth_flat_section, count, 24, 8);
SIZE(hearth_flat_section, 32);

FIELD(hearth_flat_text, offset, 0, 4);
FIELD(hearth_flat_text, length, 4, 4);
SIZE(hearth_flat_text, 8);

FIELD(hearth_flat_column, rows, 0, 8);
FIELD(hearth_flat_column, base, 8, 8);
FIELD(hearth_flat_column, count, 16, 8);
FIELD(hearth_flat_column, stride, 24, 4);
FIELD(hearth_flat_column, segment, 28, 4);
SIZE(hearth_flat_column, 32);

FIELD(hearth_flat, batch, 0, 8);
FIELD(hearth_flat, columns, 8, 1024);
FIELD(hearth_flat, strings, 1032, 256);
FIELD(hearth_flat, n_strings, 1288, 4);
FIELD(hearth_flat, reserved, 1292, 4);
SIZE(hearth_flat, 1296);

/* hearth/artifact.h */
FIELD(hearth_artifact_row, path, 0, 4);
FIELD(hearth_artifact_row, media_type, 4, 4);
FIELD(hearth_artifact_row, size, 8, 8);
FIELD(hearth_artifact_row, sha256, 16, 32);
FIELD(hearth_artifact_row, window_start_ns, 48, 8);
FIELD(hearth_artifact_row, window_end_ns, 56, 8);
FIELD(hearth_artifact_row, description, 64, 4);
FIELD(hearth_artifact_row, reserved, 68, 4);
SIZE(hearth_artifact_row, 72);

FIELD(hearth_artifact_label, key, 0, 4);
FIELD(hearth_artifact_label, value, 4, 4);
SIZE(hearth_artifact_label, 8);

/* hearth/metrics.h */
FIELD(hearth_metric_point, name, 0, 4);
FIELD(hearth_metric_point, unit, 4, 4);
FIELD(hearth_metric_point, kind, 8, 4);
FIELD(hearth_metric_point, flags, 12, 4);
FIELD(hearth_metric_point, start_ns, 16, 8);
FIELD(hearth_metric_point, end_ns, 24, 8);
FIELD(hearth_metric_point, value, 32, 8);
FIELD(hearth_metric_point, first_attribute, 40, 4);
FIELD(hearth_metric_point, n_attributes, 44, 4);
FIELD(hearth_metric_point, description, 48, 4);
FIELD(hearth_metric_point, reserved, 52, 4);
SIZE(hearth_metric_point, 56);

FIELD(hearth_metric_attribute, key, 0, 4);
FIELD(hearth_metric_attribute, value, 4, 4);
SIZE(hearth_metric_attribute, 8);

/* hearth/profile.h */
FIELD(hearth_profile_info, event, 0, 4);
FIELD(hearth_profile_info, sample_type, 4, 4);
FIELD(hearth_profile_info, sample_unit, 8, 4);
FIELD(hearth_profile_info, period_type, 12, 4);
FIELD(hearth_profile_info, period_unit, 16, 4);
FIELD(hearth_profile_info, flags, 20, 4);
FIELD(hearth_profile_info, period, 24, 8);
FIELD(hearth_profile_info, window_start_ns, 32, 8);
FIELD(hearth_profile_info, window_end_ns, 40, 8);
FIELD(hearth_profile_info, clock_monotonic_ns, 48, 8);
FIELD(hearth_profile_info, clock_realtime_ns, 56, 8);
FIELD(hearth_profile_info, samples_taken, 64, 8);
SIZE(hearth_profile_info, 72);

FIELD(hearth_binary, path, 0, 4);
FIELD(hearth_binary, build_id_len, 4, 4);
FIELD(hearth_binary, build_id, 8, 32);
FIELD(hearth_binary, size, 40, 8);
FIELD(hearth_binary, handle, 48, 8);
FIELD(hearth_binary, cause, 56, 4);
FIELD(hearth_binary, reserved, 60, 4);
SIZE(hearth_binary, 64);

FIELD(hearth_mapping, start, 0, 8);
FIELD(hearth_mapping, end, 8, 8);
FIELD(hearth_mapping, file_offset, 16, 8);
FIELD(hearth_mapping, process, 24, 4);
FIELD(hearth_mapping, binary, 28, 4);
FIELD(hearth_mapping, vaddr, 32, 8);
SIZE(hearth_mapping, 40);

FIELD(hearth_process, pid, 0, 4);
FIELD(hearth_process, exec_generation, 4, 4);
FIELD(hearth_process, start_time, 8, 8);
FIELD(hearth_process, comm, 16, 4);
FIELD(hearth_process, exe, 20, 4);
FIELD(hearth_process, container, 24, 4);
FIELD(hearth_process, parent_pid, 28, 4);
FIELD(hearth_process, first_label, 32, 4);
FIELD(hearth_process, n_labels, 36, 4);
SIZE(hearth_process, 40);

FIELD(hearth_thread, process, 0, 4);
FIELD(hearth_thread, tid, 4, 4);
FIELD(hearth_thread, comm, 8, 4);
FIELD(hearth_thread, reserved, 12, 4);
SIZE(hearth_thread, 16);

FIELD(hearth_function, name, 0, 4);
FIELD(hearth_function, system_name, 4, 4);
FIELD(hearth_function, file, 8, 4);
FIELD(hearth_function, start_line, 12, 4);
FIELD(hearth_function, start, 16, 8);
SIZE(hearth_function, 24);

FIELD(hearth_line, function, 0, 4);
FIELD(hearth_line, line, 4, 4);
FIELD(hearth_line, column, 8, 4);
FIELD(hearth_line, reserved, 12, 4);
SIZE(hearth_line, 16);

FIELD(hearth_frame, address, 0, 8);
FIELD(hearth_frame, binary, 8, 4);
FIELD(hearth_frame, mapping, 12, 4);
FIELD(hearth_frame, kind, 16, 4);
FIELD(hearth_frame, flags, 20, 4);
FIELD(hearth_frame, cause, 24, 4);
FIELD(hearth_frame, reserved, 28, 4);
SIZE(hearth_frame, 32);

FIELD(hearth_frame_lines, first, 0, 4);
FIELD(hearth_frame_lines, count, 4, 4);
FIELD(hearth_frame_lines, cause, 8, 4);
FIELD(hearth_frame_lines, reserved, 12, 4);
SIZE(hearth_frame_lines, 16);

FIELD(hearth_stack, first, 0, 4);
FIELD(hearth_stack, count, 4, 4);
FIELD(hearth_stack, truncated, 8, 4);
FIELD(hearth_stack, reserved, 12, 4);
SIZE(hearth_stack, 16);

FIELD(hearth_sample, time_ns, 0, 8);
FIELD(hearth_sample, value, 8, 8);
FIELD(hearth_sample, stack, 16, 4);
FIELD(hearth_sample, thread, 20, 4);
FIELD(hearth_sample, cpu, 24, 4);
FIELD(hearth_sample, link, 28, 4);
FIELD(hearth_sample, period, 32, 8);
SIZE(hearth_sample, 40);

FIELD(hearth_link, trace_id, 0, 16);
FIELD(hearth_link, span_id, 16, 8);
SIZE(hearth_link, 24);

FIELD(hearth_process_event, time_ns, 0, 8);
FIELD(hearth_process_event, kind, 8, 4);
FIELD(hearth_process_event, process, 12, 4);
FIELD(hearth_process_event, tid, 16, 4);
FIELD(hearth_process_event, string, 20, 4);
FIELD(hearth_process_event, mapping, 24, 4);
FIELD(hearth_process_event, other_pid, 28, 4);
SIZE(hearth_process_event, 32);

FIELD(hearth_loss, kind, 0, 4);
FIELD(hearth_loss, cause, 4, 4);
FIELD(hearth_loss, count, 8, 8);
SIZE(hearth_loss, 16);

FIELD(hearth_label_row, key, 0, 4);
FIELD(hearth_label_row, value, 4, 4);
SIZE(hearth_label_row, 8);

/* hearth/receipt.h */
FIELD(hearth_receipt_row, path, 0, 4);
FIELD(hearth_receipt_row, url, 4, 4);
FIELD(hearth_receipt_row, error, 8, 4);
FIELD(hearth_receipt_row, state, 12, 4);
FIELD(hearth_receipt_row, sha256, 16, 32);
FIELD(hearth_receipt_row, time_ns, 48, 8);
SIZE(hearth_receipt_row, 56);

TEST(rows_may_be_placed_one_behind_the_other_at_eight_bytes)
{
	static const size_t sizes[] = {
		sizeof(struct hearth_flat_header), sizeof(struct hearth_flat_section),
		sizeof(struct hearth_flat_text), sizeof(struct hearth_artifact_row),
		sizeof(struct hearth_artifact_label), sizeof(struct hearth_metric_point),
		sizeof(struct hearth_metric_attribute), sizeof(struct hearth_profile_info),
		sizeof(struct hearth_binary), sizeof(struct hearth_mapping),
		sizeof(struct hearth_process), sizeof(struct hearth_thread),
		sizeof(struct hearth_function), sizeof(struct hearth_line),
		sizeof(struct hearth_frame), sizeof(struct hearth_frame_lines),
		sizeof(struct hearth_stack), sizeof(struct hearth_sample), sizeof(struct hearth_link),
		sizeof(struct hearth_process_event), sizeof(struct hearth_loss),
		sizeof(struct hearth_label_row), sizeof(struct hearth_receipt_row),
	};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		assert_int_equal(sizes[i] % 8, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_may_be_placed_one_behind_the_other_at_eight_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
