/* SPDX-License-Identifier: Apache-2.0 */
/* The contract itself and the services, field by field. */
#include "test.h"

#include <errno.h>
#include <string.h>

/* A hole that the compiler makes would be read as a field one day. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"
#include <hearth/control.h>
#include <hearth/helper.h>
#include <hearth/inspect.h>
#include <hearth/kv.h>
#include <hearth/plugin.h>
#pragma GCC diagnostic pop

#include "abi.h"

/* hearth/plugin.h */
FIELD(hearth_option, name, 0, 8);
FIELD(hearth_option, def, 8, 8);
FIELD(hearth_option, help, 16, 8);
FIELD(hearth_option, unit, 24, 8);
FIELD(hearth_option, choices, 32, 8);
FIELD(hearth_option, min, 40, 8);
FIELD(hearth_option, max, 48, 8);
FIELD(hearth_option, type, 56, 4);
FIELD(hearth_option, flags, 60, 4);
FIELD(hearth_option, letter, 64, 4);
FIELD(hearth_option, reserved, 68, 4);
SIZE(hearth_option, 72);

FIELD(hearth_label, key, 0, 8);
FIELD(hearth_label, value, 8, 8);
SIZE(hearth_label, 16);

FIELD(hearth_segment, data, 0, 8);
FIELD(hearth_segment, len, 8, 8);
FIELD(hearth_segment, release, 16, 8);
FIELD(hearth_segment, ctx, 24, 8);
SIZE(hearth_segment, 32);

FIELD(hearth_emission, size, 0, 4);
FIELD(hearth_emission, flags, 4, 4);
FIELD(hearth_emission, schema, 8, 8);
FIELD(hearth_emission, segments, 16, 8);
FIELD(hearth_emission, n_segments, 24, 4);
FIELD(hearth_emission, segment_stride, 28, 4);
FIELD(hearth_emission, parent, 32, 8);
FIELD(hearth_emission, n_items, 40, 8);
SIZE(hearth_emission, 48);

FIELD(hearth_span, data, 0, 8);
FIELD(hearth_span, len, 8, 8);
SIZE(hearth_span, 16);

FIELD(hearth_batch, size, 0, 4);
FIELD(hearth_batch, n_segments, 4, 4);
FIELD(hearth_batch, schema, 8, 8);
FIELD(hearth_batch, segments, 16, 8);
FIELD(hearth_batch, instance, 24, 8);
FIELD(hearth_batch, run, 32, 8);
FIELD(hearth_batch, sequence, 40, 8);
FIELD(hearth_batch, n_items, 48, 8);
SIZE(hearth_batch, 56);

FIELD(hearth_host, size, 0, 4);
FIELD(hearth_host, abi_minor, 4, 4);
FIELD(hearth_host, instance, 8, 8);
FIELD(hearth_host, run, 16, 8);
FIELD(hearth_host, labels, 24, 8);
FIELD(hearth_host, n_labels, 32, 4);
FIELD(hearth_host, label_stride, 36, 4);
FIELD(hearth_host, log, 40, 8);
FIELD(hearth_host, emit, 48, 8);
FIELD(hearth_host, writable, 56, 8);
FIELD(hearth_host, batch_retain, 64, 8);
FIELD(hearth_host, batch_release, 72, 8);
FIELD(hearth_host, count, 80, 8);
FIELD(hearth_host, wake, 88, 8);
FIELD(hearth_host, now_ns, 96, 8);
FIELD(hearth_host, service, 104, 8);
FIELD(hearth_host, once, 112, 8);
FIELD(hearth_host, report, 120, 8);
FIELD(hearth_host, finished, 128, 8);
FIELD(hearth_host, fail, 136, 8);
FIELD(hearth_host, option_is_set, 144, 8);
FIELD(hearth_host, option_int, 152, 8);
FIELD(hearth_host, option_string, 160, 8);
FIELD(hearth_host, option_list, 168, 8);
FIELD(hearth_host, option_map, 176, 8);
FIELD(hearth_host, refuse, 184, 8);
FIELD(hearth_host, set_timer, 192, 8);
FIELD(hearth_host, watch_fd, 200, 8);
SIZE(hearth_host, 208);

FIELD(hearth_diagnosis, size, 0, 4);
FIELD(hearth_diagnosis, reserved, 4, 4);
FIELD(hearth_diagnosis, line, 8, 8);
FIELD(hearth_diagnosis, open, 16, 8);
FIELD(hearth_diagnosis, option_string, 24, 8);
SIZE(hearth_diagnosis, 32);

FIELD(hearth_component, size, 0, 4);
FIELD(hearth_component, kind, 4, 4);
FIELD(hearth_component, flags, 8, 4);
FIELD(hearth_component, n_options, 12, 4);
FIELD(hearth_component, option_stride, 16, 4);
FIELD(hearth_component, reserved, 20, 4);
FIELD(hearth_component, name, 24, 8);
FIELD(hearth_component, summary, 32, 8);
FIELD(hearth_component, capabilities, 40, 8);
FIELD(hearth_component, accepts, 48, 8);
FIELD(hearth_component, emits, 56, 8);
FIELD(hearth_component, options, 64, 8);
FIELD(hearth_component, create, 72, 8);
FIELD(hearth_component, start, 80, 8);
FIELD(hearth_component, consume, 88, 8);
FIELD(hearth_component, on_timer, 96, 8);
FIELD(hearth_component, on_fd, 104, 8);
FIELD(hearth_component, on_wake, 112, 8);
FIELD(hearth_component, on_writable, 120, 8);
FIELD(hearth_component, update, 128, 8);
FIELD(hearth_component, on_budget, 136, 8);
FIELD(hearth_component, finish, 144, 8);
FIELD(hearth_component, stop, 152, 8);
FIELD(hearth_component, destroy, 160, 8);
FIELD(hearth_component, diagnose, 168, 8);
FIELD(hearth_component, diagnose_file, 176, 8);
FIELD(hearth_component, diagnose_options, 184, 8);
SIZE(hearth_component, 192);

FIELD(hearth_run_plan, size, 0, 4);
FIELD(hearth_run_plan, end, 4, 4);
FIELD(hearth_run_plan, flags, 8, 4);
FIELD(hearth_run_plan, n_labels, 12, 4);
FIELD(hearth_run_plan, label_stride, 16, 4);
FIELD(hearth_run_plan, reserved, 20, 4);
FIELD(hearth_run_plan, overlay, 24, 8);
FIELD(hearth_run_plan, labels, 32, 8);
FIELD(hearth_run_plan, duration_ns, 40, 8);
FIELD(hearth_run_plan, samples, 48, 8);
FIELD(hearth_run_plan, command, 56, 8);
FIELD(hearth_run_plan, pid_option, 64, 8);
FIELD(hearth_run_plan, output, 72, 8);
FIELD(hearth_run_plan, title, 80, 8);
FIELD(hearth_run_plan, release, 88, 8);
FIELD(hearth_run_plan, ctx, 96, 8);
FIELD(hearth_run_plan, repeat, 104, 8);
FIELD(hearth_run_plan, min_samples, 112, 8);
SIZE(hearth_run_plan, 120);

FIELD(hearth_verb_call, size, 0, 4);
FIELD(hearth_verb_call, n_arguments, 4, 4);
FIELD(hearth_verb_call, arguments, 8, 8);
FIELD(hearth_verb_call, command, 16, 8);
FIELD(hearth_verb_call, service, 24, 8);
FIELD(hearth_verb_call, option_is_set, 32, 8);
FIELD(hearth_verb_call, option_int, 40, 8);
FIELD(hearth_verb_call, option_string, 48, 8);
FIELD(hearth_verb_call, option_list, 56, 8);
FIELD(hearth_verb_call, refuse, 64, 8);
SIZE(hearth_verb_call, 72);

FIELD(hearth_verb, size, 0, 4);
FIELD(hearth_verb, flags, 4, 4);
FIELD(hearth_verb, n_options, 8, 4);
FIELD(hearth_verb, option_stride, 12, 4);
FIELD(hearth_verb, name, 16, 8);
FIELD(hearth_verb, summary, 24, 8);
FIELD(hearth_verb, arguments, 32, 8);
FIELD(hearth_verb, description, 40, 8);
FIELD(hearth_verb, options, 48, 8);
FIELD(hearth_verb, plan, 56, 8);
FIELD(hearth_verb, call, 64, 8);
SIZE(hearth_verb, 72);

FIELD(hearth_plugin, size, 0, 4);
FIELD(hearth_plugin, abi_minor, 4, 4);
FIELD(hearth_plugin, name, 8, 8);
FIELD(hearth_plugin, version, 16, 8);
FIELD(hearth_plugin, license, 24, 8);
FIELD(hearth_plugin, components, 32, 8);
FIELD(hearth_plugin, verbs, 40, 8);
SIZE(hearth_plugin, 48);

/* hearth/inspect.h */
FIELD(hearth_inspect_target, size, 0, 4);
FIELD(hearth_inspect_target, pid, 4, 4);
FIELD(hearth_inspect_target, start_time, 8, 8);
FIELD(hearth_inspect_target, path, 16, 8);
FIELD(hearth_inspect_target, inode, 24, 8);
FIELD(hearth_inspect_target, device_major, 32, 4);
FIELD(hearth_inspect_target, device_minor, 36, 4);
FIELD(hearth_inspect_target, map_start, 40, 8);
FIELD(hearth_inspect_target, map_end, 48, 8);
SIZE(hearth_inspect_target, 56);
FIELD(hearth_inspect_recorded, size, 0, 4);
FIELD(hearth_inspect_recorded, build_id_len, 4, 4);
FIELD(hearth_inspect_recorded, build_id, 8, 8);
FIELD(hearth_inspect_recorded, path, 16, 8);
FIELD(hearth_inspect_recorded, kernel_text, 24, 8);
SIZE(hearth_inspect_recorded, 32);

FIELD(hearth_elf_load, offset, 0, 8);
FIELD(hearth_elf_load, file_size, 8, 8);
FIELD(hearth_elf_load, vaddr, 16, 8);
FIELD(hearth_elf_load, mem_size, 24, 8);
FIELD(hearth_elf_load, flags, 32, 4);
FIELD(hearth_elf_load, reserved, 36, 4);
SIZE(hearth_elf_load, 40);

FIELD(hearth_inspected, size, 0, 4);
FIELD(hearth_inspected, status, 4, 4);
FIELD(hearth_inspected, cause, 8, 8);
FIELD(hearth_inspected, handle, 16, 8);
FIELD(hearth_inspected, file_size, 24, 8);
FIELD(hearth_inspected, build_id, 32, 8);
FIELD(hearth_inspected, build_id_len, 40, 4);
FIELD(hearth_inspected, n_loads, 44, 4);
FIELD(hearth_inspected, loads, 48, 8);
FIELD(hearth_inspected, load_stride, 56, 4);
FIELD(hearth_inspected, flags, 60, 4);
FIELD(hearth_inspected, debug_link, 64, 8);
SIZE(hearth_inspected, 72);

FIELD(hearth_symbol_line, function, 0, 8);
FIELD(hearth_symbol_line, file, 8, 8);
FIELD(hearth_symbol_line, line, 16, 4);
FIELD(hearth_symbol_line, column, 20, 4);
FIELD(hearth_symbol_line, start, 24, 8);
FIELD(hearth_symbol_line, name, 32, 8);
SIZE(hearth_symbol_line, 40);

FIELD(hearth_symbol, first_line, 0, 4);
FIELD(hearth_symbol, n_lines, 4, 4);
FIELD(hearth_symbol, cause, 8, 8);
FIELD(hearth_symbol, module, 16, 8);
SIZE(hearth_symbol, 24);

FIELD(hearth_named, size, 0, 4);
FIELD(hearth_named, status, 4, 4);
FIELD(hearth_named, cause, 8, 8);
FIELD(hearth_named, symbols, 16, 8);
FIELD(hearth_named, lines, 24, 8);
FIELD(hearth_named, n_symbols, 32, 4);
FIELD(hearth_named, symbol_stride, 36, 4);
FIELD(hearth_named, n_lines, 40, 4);
FIELD(hearth_named, line_stride, 44, 4);
SIZE(hearth_named, 48);

FIELD(hearth_inspect, size, 0, 4);
FIELD(hearth_inspect, reserved, 4, 4);
FIELD(hearth_inspect, open, 8, 8);
FIELD(hearth_inspect, names, 16, 8);
FIELD(hearth_inspect, kernel, 24, 8);
FIELD(hearth_inspect, open_recorded, 32, 8);
FIELD(hearth_inspect, unwind, 40, 8);
SIZE(hearth_inspect, 48);

/* hearth/helper.h */
FIELD(hearth_naming, size, 0, 4);
FIELD(hearth_naming, reserved, 4, 4);
FIELD(hearth_naming, ctx, 8, 8);
FIELD(hearth_naming, symbol, 16, 8);
SIZE(hearth_naming, 24);

FIELD(hearth_symbol_fds, size, 0, 4);
FIELD(hearth_symbol_fds, mapped, 4, 4);
FIELD(hearth_symbol_fds, debug, 8, 4);
FIELD(hearth_symbol_fds, table, 12, 4);
FIELD(hearth_symbol_fds, table_offset, 16, 8);
SIZE(hearth_symbol_fds, 24);

FIELD(hearth_table_sink, size, 0, 4);
FIELD(hearth_table_sink, reserved, 4, 4);
FIELD(hearth_table_sink, ctx, 8, 8);
FIELD(hearth_table_sink, write, 16, 8);
SIZE(hearth_table_sink, 24);

FIELD(hearth_inspector, size, 0, 4);
FIELD(hearth_inspector, reserved, 4, 4);
FIELD(hearth_inspector, identify, 8, 8);
FIELD(hearth_inspector, match_debug, 16, 8);
FIELD(hearth_inspector, names, 24, 8);
FIELD(hearth_inspector, kernel, 32, 8);
FIELD(hearth_inspector, code, 40, 8);
FIELD(hearth_inspector, store, 48, 8);
FIELD(hearth_inspector, identify_table, 56, 8);
FIELD(hearth_inspector, unwind_space, 64, 8);
FIELD(hearth_inspector, unwind_file, 72, 8);
FIELD(hearth_inspector, unwind, 80, 8);
FIELD(hearth_inspector, kernel_recorded, 88, 8);
SIZE(hearth_inspector, 96);

/* hearth/control.h */
FIELD(hearth_run_event, size, 0, 4);
FIELD(hearth_run_event, state, 4, 4);
FIELD(hearth_run_event, run, 8, 8);
FIELD(hearth_run_event, error, 16, 8);
FIELD(hearth_run_event, result, 24, 8);
SIZE(hearth_run_event, 32);

FIELD(hearth_control, size, 0, 4);
FIELD(hearth_control, reserved, 4, 4);
FIELD(hearth_control, run_start, 8, 8);
FIELD(hearth_control, run_stop, 16, 8);
FIELD(hearth_control, overlay, 24, 8);
SIZE(hearth_control, 32);

/* hearth/kv.h */
FIELD(hearth_kv, size, 0, 4);
FIELD(hearth_kv, reserved, 4, 4);
FIELD(hearth_kv, get, 8, 8);
FIELD(hearth_kv, put, 16, 8);
FIELD(hearth_kv, remove, 24, 8);
FIELD(hearth_kv, each, 32, 8);
SIZE(hearth_kv, 40);

TEST(a_field_beyond_the_size_of_a_struct_is_not_there)
{
	struct hearth_host h = { .size = offsetof(struct hearth_host, watch_fd) };

	assert_true(HEARTH_HAS(&h, set_timer));
	assert_false(HEARTH_HAS(&h, watch_fd));
	h.size += sizeof(h.watch_fd) - 1;
	assert_false(HEARTH_HAS(&h, watch_fd));
	h.size++;
	assert_true(HEARTH_HAS(&h, watch_fd));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_field_beyond_the_size_of_a_struct_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
