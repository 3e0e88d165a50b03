/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layouts follow perf_output_sample() and perf_event__output_id_sample() of kernel/events/core.c:
 * which fields there are, sample_type tells; their order is fixed. What a newer kernel adds to an
 * attribute stands behind what is read here, so that any attr.size will do.
 */
#include "perf_events.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"

enum { DEFAULT_MAX_STACK = 127 }; /* kernel.perf_event_max_stack */

static const char *const software[] = {
	[PERF_COUNT_SW_CPU_CLOCK] = "cpu-clock",
	[PERF_COUNT_SW_TASK_CLOCK] = "task-clock",
	[PERF_COUNT_SW_PAGE_FAULTS] = "page-faults",
	[PERF_COUNT_SW_CONTEXT_SWITCHES] = "context-switches",
	[PERF_COUNT_SW_CPU_MIGRATIONS] = "cpu-migrations",
	[PERF_COUNT_SW_PAGE_FAULTS_MIN] = "minor-faults",
	[PERF_COUNT_SW_PAGE_FAULTS_MAJ] = "major-faults",
	[PERF_COUNT_SW_ALIGNMENT_FAULTS] = "alignment-faults",
	[PERF_COUNT_SW_EMULATION_FAULTS] = "emulation-faults",
	[PERF_COUNT_SW_DUMMY] = "dummy",
	[PERF_COUNT_SW_BPF_OUTPUT] = "bpf-output",
};

static const char *const hardware[] = {
	[PERF_COUNT_HW_CPU_CYCLES] = "cycles",
	[PERF_COUNT_HW_INSTRUCTIONS] = "instructions",
	[PERF_COUNT_HW_CACHE_REFERENCES] = "cache-references",
	[PERF_COUNT_HW_CACHE_MISSES] = "cache-misses",
	[PERF_COUNT_HW_BRANCH_INSTRUCTIONS] = "branches",
	[PERF_COUNT_HW_BRANCH_MISSES] = "branch-misses",
	[PERF_COUNT_HW_BUS_CYCLES] = "bus-cycles",
	[PERF_COUNT_HW_STALLED_CYCLES_FRONTEND] = "stalled-cycles-frontend",
	[PERF_COUNT_HW_STALLED_CYCLES_BACKEND] = "stalled-cycles-backend",
	[PERF_COUNT_HW_REF_CPU_CYCLES] = "ref-cycles",
};

void perf_events_done(struct perf_events *e)
{
	for (uint32_t i = 0; i < e->n; i++)
		free(e->rows[i]);
	free(e->rows);
	u64_map_done(&e->ids);
	memset(e, 0, sizeof(*e));
}

/* ---- layout ---- */

static int16_t place(uint64_t sample_type, uint64_t field, int16_t *at)
{
	int16_t here = *at;

	if (!(sample_type & field))
		return -1;
	*at = (int16_t)(here + 8);
	return here;
}

static void lay_out_sample(uint64_t t, struct perf_layout *l)
{
	int16_t at = 0;

	l->identifier = place(t, PERF_SAMPLE_IDENTIFIER, &at);
	l->ip = place(t, PERF_SAMPLE_IP, &at);
	l->tid = place(t, PERF_SAMPLE_TID, &at);
	l->time = place(t, PERF_SAMPLE_TIME, &at);
	l->addr = place(t, PERF_SAMPLE_ADDR, &at);
	l->id = place(t, PERF_SAMPLE_ID, &at);
	(void)place(t, PERF_SAMPLE_STREAM_ID, &at);
	l->cpu = place(t, PERF_SAMPLE_CPU, &at);
	l->period = place(t, PERF_SAMPLE_PERIOD, &at);
	l->variable = at;
	if (l->identifier < 0)
		l->identifier = l->id;
}

/* tid, time, id, stream id, cpu, identifier: as few as there are, at the end of a record. */
static void lay_out_trailer(uint64_t t, struct perf_layout *l)
{
	int16_t at = 0;
	int16_t tid = place(t, PERF_SAMPLE_TID, &at), time = place(t, PERF_SAMPLE_TIME, &at);
	int16_t id = place(t, PERF_SAMPLE_ID, &at), identifier;

	(void)place(t, PERF_SAMPLE_STREAM_ID, &at);
	(void)place(t, PERF_SAMPLE_CPU, &at);
	identifier = place(t, PERF_SAMPLE_IDENTIFIER, &at);
	id = identifier < 0 ? id : identifier;
	l->trailer = at;
	l->trailer_tid = tid < 0 ? -1 : (int16_t)(at - tid);
	l->trailer_time = time < 0 ? -1 : (int16_t)(at - time);
	l->trailer_id = id < 0 ? -1 : (int16_t)(at - id);
}

/* ---- attributes ---- */

static void name_event(struct perf_event *e)
{
	const char *name = NULL;

	if (e->type == PERF_TYPE_SOFTWARE && e->config < ARRAY_SIZE(software))
		name = software[e->config];
	else if (e->type == PERF_TYPE_HARDWARE && (uint32_t)e->config < ARRAY_SIZE(hardware))
		name = hardware[(uint32_t)e->config];
	if (name)
		perf_event_rename(e, name);
	else if (e->type == PERF_TYPE_TRACEPOINT)
		snprintf(e->name, sizeof(e->name), "tracepoint:%" PRIu64, e->config);
	else
		snprintf(e->name, sizeof(e->name), "%s:%" PRIu32 ":0x%" PRIx64,
			 e->type == PERF_TYPE_RAW ? "raw" : "event", e->type, e->config);
}

static struct perf_event *event_new(const struct perf_event_attr *a)
{
	struct perf_event *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->type = a->type;
	e->config = a->config;
	e->is_frequency = a->freq;
	e->period = a->freq ? 0 : a->sample_period;
	e->frequency = a->freq ? a->sample_freq : 0;
	e->sample_type = a->sample_type;
	e->read_format = a->read_format;
	e->branch_type = a->branch_sample_type;
	e->regs_user = a->sample_regs_user;
	e->regs_intr = a->sample_regs_intr;
	e->max_stack = a->sample_max_stack ? a->sample_max_stack : DEFAULT_MAX_STACK;
	e->clockid = a->use_clockid ? a->clockid : -1;
	e->has_trailer = a->sample_id_all;
	lay_out_sample(e->sample_type, &e->layout);
	lay_out_trailer(e->sample_type, &e->layout);
	name_event(e);
	return e;
}

int perf_events_add(struct perf_events *e, const uint8_t *attr, uint64_t size)
{
	struct perf_event_attr a = {};
	struct perf_event *event, **rows;

	if (size < PERF_ATTR_SIZE_VER0 || e->n == PERF_EVENTS_MAX)
		return -EBADMSG;
	memcpy(&a, attr, size < sizeof(a) ? size : sizeof(a));
	event = event_new(&a);
	rows = event ? realloc(e->rows, (e->n + 1) * sizeof(struct perf_event *)) : NULL;
	if (!rows) {
		free(event);
		return -ENOMEM;
	}
	e->rows = rows;
	event->index = e->n;
	if (e->n == 0) {
		e->id_place = event->layout.identifier;
		e->trailer_id_place = event->layout.trailer_id;
	}
	rows[e->n++] = event;
	return 0;
}

int perf_events_add_ids(struct perf_events *e, struct perf_bytes ids)
{
	while (perf_bytes_left(&ids) >= sizeof(uint64_t) && e->ids.n < PERF_IDS_MAX)
		if (u64_map_put(&e->ids, perf_take_u64(&ids), e->rows[e->n - 1]) < 0)
			return -ENOMEM;
	return 0;
}

void perf_event_rename(struct perf_event *e, const char *name)
{
	if (name[0])
		snprintf(e->name, sizeof(e->name), "%s", name);
}

/* ---- of which event is it? ---- */

struct perf_event *perf_events_find(const struct perf_events *e, uint64_t id)
{
	return e->n == 1 ? e->rows[0] : u64_map_find(&e->ids, id);
}

static struct perf_event *find_at(const struct perf_events *e, const uint8_t *p)
{
	uint64_t id;

	memcpy(&id, p, sizeof(id));
	return perf_events_find(e, id);
}

struct perf_event *perf_events_of_sample(const struct perf_events *e, const uint8_t *body, uint64_t len)
{
	if (e->n == 1)
		return e->rows[0];
	if (e->n == 0 || e->id_place < 0 || (uint64_t)e->id_place + 8 > len)
		return NULL;
	return find_at(e, body + e->id_place);
}

/* What perf makes up itself has id 0, and is laid out as the first event says. */
struct perf_event *perf_events_of_record(const struct perf_events *e, const uint8_t *body, uint64_t len)
{
	struct perf_event *event = NULL;

	if (e->n > 1 && e->trailer_id_place > 0 && (uint64_t)e->trailer_id_place <= len)
		event = find_at(e, body + len - e->trailer_id_place);
	return event ? event : e->n ? e->rows[0] : NULL;
}
