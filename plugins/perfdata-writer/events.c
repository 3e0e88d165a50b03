/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name of an event is what the event description says; type and config are for tools that read
 * only those, so an event that the kernel has no number for is told as perf tells such ones. So is
 * a tracepoint: perf refuses a file with one unless it holds the formats of all fields.
 */
#include "events.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "encode.h"

static const struct {
	const char *name;
	uint32_t type, config;
} known[] = {
	{ "cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK },
	{ "task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK },
	{ "page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS },
	{ "context-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES },
	{ "cpu-migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS },
	{ "minor-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN },
	{ "major-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ },
	{ "alignment-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS },
	{ "emulation-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_EMULATION_FAULTS },
	{ "faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS },
	{ "cs", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES },
	{ "migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS },
	{ "cgroup-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CGROUP_SWITCHES },
	{ "cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES },
	{ "cpu-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES },
	{ "instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS },
	{ "cache-references", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES },
	{ "cache-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES },
	{ "branch-instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS },
	{ "branches", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS },
	{ "branch-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES },
	{ "bus-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES },
	{ "ref-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES },
	{ "stalled-cycles-frontend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND },
	{ "stalled-cycles-backend", PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND },
};

/* The period of all is what a sample stands for; anything else has to be said per sample. */
static bool is_one_each(const struct hearth_flat *batch)
{
	for (uint64_t i = 0; i < hearth_flat_count(batch, HEARTH_PROFILE_SAMPLES); i++) {
		struct hearth_sample s = hearth_profile_sample(batch, i);

		if (s.value != 1 || s.period)
			return false;
	}
	return true;
}

int event_of_batch(const struct hearth_flat *batch, struct event *ret)
{
	struct hearth_profile_info info = hearth_profile_info(batch);
	const char *name = hearth_flat_string(batch, info.event);
	bool is_count = info.period && strcmp(hearth_flat_string(batch, info.sample_unit), "count") == 0;

	if (!name[0])
		return -EBADMSG;
	*ret = (struct event){
		.period = is_count ? info.period : 1,
		.has_period = !is_count || !is_one_each(batch),
	};
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	return 0;
}

static bool fits(const struct event *row, const struct event *wanted)
{
	return row->has_period || (!wanted->has_period && row->period == wanted->period);
}

/* The first event says how samples are laid out: some readers take that for granted. */
static struct event *add(struct events *e, const struct event *wanted)
{
	struct event *row = &e->rows[e->n];

	*row = *wanted;
	row->has_period |= e->rows[0].has_period;
	row->id = ++e->n;
	return row;
}

const struct event *events_find(struct events *e, const struct event *wanted, bool can_mix,
				bool *ret_is_new)
{
	bool would_mix = e->n && wanted->has_period && !e->rows[0].has_period;

	*ret_is_new = false;
	for (uint32_t i = 0; i < e->n; i++) {
		if (strcmp(e->rows[i].name, wanted->name) != 0)
			continue;
		if (fits(&e->rows[i], wanted))
			return &e->rows[i];
		would_mix = true;
	}
	if (e->n == EVENTS_MAX || (would_mix && !can_mix))
		return NULL;
	*ret_is_new = true;
	return add(e, wanted);
}

/* "cycles:u" is cycles while the CPU runs user code; letters as in perf-list(1). */
static void set_kind(struct perf_event_attr *attr, const char *name)
{
	size_t len = strcspn(name, ":");
	const char *letters = name[len] ? name + len + 1 : "";

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strncmp(known[i].name, name, len) == 0 && !known[i].name[len]) {
			attr->type = known[i].type;
			attr->config = known[i].config;
			attr->exclude_kernel = strchr(letters, 'u') && !strchr(letters, 'k');
			attr->exclude_user = strchr(letters, 'k') && !strchr(letters, 'u');
			return;
		}
}

void event_write_attr(const struct event *e, uint8_t ret[PERF_FILE_ATTR_BYTES])
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = PERF_FILE_ATTR_BYTES,
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_period = e->period,
		.sample_type = ENCODE_SAMPLE_TYPE | (e->has_period ? PERF_SAMPLE_PERIOD : 0),
		.read_format = PERF_FORMAT_ID,
		.inherit = 1,
		.mmap = 1,
		.comm = 1,
		.task = 1,
		.sample_id_all = 1,
		.exclude_guest = 1,
		.mmap2 = 1,
		.comm_exec = 1,
		.use_clockid = 1,
		.build_id = 1,
		.clockid = CLOCK_MONOTONIC,
	};

	_Static_assert(offsetof(struct perf_event_attr, __reserved_2) + 2 == PERF_FILE_ATTR_BYTES, "VER5");
	set_kind(&attr, e->name);
	memcpy(ret, &attr, PERF_FILE_ATTR_BYTES);
}
