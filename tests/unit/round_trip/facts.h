/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What perf.data carries of a profile, by the table in docs/formats.md, as a sorted list of lines: two
 * profiles say the same if their lines are equal, whatever their rows and batches are.
 */
#pragma once

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/profile.h>

struct facts {
	char **lines;
	size_t n;
};

static inline void facts_add(struct facts *f, char *line)
{
	char **lines = reallocarray(f->lines, f->n + 1, sizeof(*lines));

	if (!lines || !line)
		abort();
	f->lines = lines;
	lines[f->n++] = line;
}

static inline void facts_done(struct facts *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->lines[i]);
	free(f->lines);
}

static inline int facts_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline void facts_sort(struct facts *f)
{
	qsort(f->lines, f->n, sizeof(*f->lines), facts_compare);
}

/* The mapping of a frame in a process, or the row of zeros. */
static inline struct hearth_mapping facts_mapping(const struct hearth_flat *f, const struct hearth_frame *frame,
						  uint32_t process)
{
	for (uint64_t i = 1; !(frame->flags & HEARTH_FRAME_RAW) && i < hearth_flat_count(f, HEARTH_PROFILE_MAPPINGS); i++) {
		struct hearth_mapping m = hearth_profile_mapping(f, i);

		if (m.process == process && m.binary == frame->binary && frame->address - m.vaddr < m.end - m.start)
			return m;
	}
	return hearth_profile_mapping(f, frame->flags & HEARTH_FRAME_RAW ? frame->mapping : 0);
}

static inline void facts_put_frame(FILE *out, const struct hearth_flat *f, uint32_t number, uint32_t process)
{
	struct hearth_frame frame = hearth_profile_frame(f, number);
	struct hearth_mapping m = facts_mapping(f, &frame, process);
	struct hearth_binary file = hearth_profile_binary(f, m.binary);
	uint64_t address = frame.flags & HEARTH_FRAME_RAW ? frame.address : frame.address - m.vaddr + m.start;

	if (frame.kind == HEARTH_FRAME_KERNEL) {
		fprintf(out, " kernel:%" PRIx64, frame.address);
	} else if (m.end) { /* what is nowhere mapped has no address that perf.data could tell */
		fprintf(out, " %" PRIx64 " in %s at %" PRIx64 "-%" PRIx64 "+%" PRIx64 " of process %" PRIu32 " id ", address,
			hearth_flat_string(f, file.path), m.start, m.end, m.file_offset,
			hearth_profile_process(f, m.process).pid);
		for (uint32_t i = 0; i < file.build_id_len; i++)
			fprintf(out, "%02x", file.build_id[i]);
	}
}

static inline void facts_add_sample(struct facts *facts, const struct hearth_flat *f, uint64_t i)
{
	struct hearth_profile_info info = hearth_profile_info(f);
	struct hearth_sample s = hearth_profile_sample(f, i);
	struct hearth_thread t = hearth_profile_thread(f, s.thread);
	struct hearth_process p = hearth_profile_process(f, t.process);
	struct hearth_stack stack = hearth_profile_stack(f, s.stack);
	char *line = NULL;
	size_t len;
	FILE *out = open_memstream(&line, &len);

	if (!out)
		abort();
	fprintf(out, "%s %" PRIu64 " value %" PRIu64 " period %" PRIu64 " cpu %" PRIu32 " process %" PRIu32 " of %" PRIu32
		" %s thread %" PRIu32 " %s realtime %" PRIu64 ":", hearth_flat_string(f, info.event), s.time_ns, s.value,
		s.period ? s.period : info.period, s.cpu, p.pid, p.parent_pid, hearth_flat_string(f, p.comm), t.tid,
		hearth_flat_string(f, t.comm), info.clock_realtime_ns - info.clock_monotonic_ns);
	for (uint32_t k = 0; k < stack.count; k++)
		facts_put_frame(out, f, hearth_profile_stack_frame(f, &stack, k), t.process);
	if (fclose(out) != 0)
		abort();
	facts_add(facts, line);
}

/* Samples of the batch; *taken grows by its samples_taken. */
static inline void facts_add_batch(struct facts *facts, const struct hearth_batch *b, uint64_t *taken)
{
	struct hearth_flat f;

	if (hearth_profile_open(&f, b) < 0)
		abort();
	for (uint64_t i = 0; i < hearth_flat_count(&f, HEARTH_PROFILE_SAMPLES); i++)
		facts_add_sample(facts, &f, i);
	*taken += hearth_profile_info(&f).samples_taken;
}
