/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What perf itself says of a recording (types from 64 on) counts from where it stands; what the
 * kernel says counts from its time, and so waits in the queue.
 */
#include "perf_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/profile.h>

/* tools/lib/perf/include/perf/event.h: enum perf_user_event_type. */
enum {
	USER_TYPES = 64,
	HEADER_ATTR = 64,
	HEADER_TRACING_DATA = 66,
	HEADER_BUILD_ID = 67,
	AUXTRACE = 71,
	EVENT_UPDATE = 78,
	HEADER_FEATURE = 80,
	COMPRESSED = 81,
	COMPRESSED2 = 83,
	LAST_KNOWN = 85,
};

enum { UPDATE_NAME = 2 };

static struct perf_bytes body_of(const uint8_t *record, const struct perf_event_header *h)
{
	return perf_bytes_of(record + sizeof(*h), h->size - sizeof(*h));
}

static int too_short(struct perf_reader *p, uint64_t offset, uint32_t type)
{
	warnings_add(p->context.warnings, "damaged records", "a record of type %u at byte %llu is shorter than "
		     "its kind; it is left out", type, (unsigned long long)offset);
	return 0;
}

/* ---- what perf says ---- */

static int take_attr(struct perf_reader *p, struct perf_bytes b)
{
	uint32_t size;
	const uint8_t *attr;
	int r;

	if (perf_bytes_left(&b) < 8)
		return -EBADMSG;
	memcpy(&size, b.at + 4, sizeof(size));
	attr = perf_take(&b, size ? size : PERF_ATTR_SIZE_VER0);
	if (!attr)
		return -EBADMSG;
	r = perf_events_add(&p->events, attr, size ? size : PERF_ATTR_SIZE_VER0);
	return r < 0 ? r : perf_events_add_ids(&p->events, b);
}

static int take_update(struct perf_reader *p, struct perf_bytes b)
{
	uint64_t type = perf_take_u64(&b), id = perf_take_u64(&b);
	struct perf_event *e = u64_map_find(&p->events.ids, id);

	if (b.is_short)
		return -EBADMSG;
	if (type == UPDATE_NAME && e)
		perf_event_rename(e, perf_take_string(&b));
	return 0;
}

static int take_feature(struct perf_reader *p, struct perf_bytes b)
{
	uint64_t id = perf_take_u64(&b);

	return b.is_short ? -EBADMSG : perf_facts_add_feature(&p->facts, id, b, &p->events);
}

/* Bytes that are no records follow; how many, the record says. */
static int pass_over(struct perf_reader *p, struct perf_bytes b, bool is_long)
{
	uint64_t n = is_long ? perf_take_u64(&b) : ((uint64_t)perf_take_u32(&b) + 7) & ~7ull;

	perf_stream_skip(&p->file, b.is_short ? 0 : n);
	return b.is_short ? -EBADMSG : 0;
}

static int take_packed(struct perf_reader *p, const struct perf_record *record, struct perf_bytes b)
{
	uint64_t len = record->header.type == COMPRESSED2 ? perf_take_u64(&b) : perf_bytes_left(&b);

	if (b.is_short || len > perf_bytes_left(&b) || record->block == p->packed.block)
		return -EBADMSG;
	return perf_packed_begin(&p->packed, p->blocks, record->block, b.at, len);
}

static int take_user(struct perf_reader *p, const struct perf_record *record)
{
	struct perf_bytes b = body_of(record->bytes, &record->header);

	switch (record->header.type) {
	case HEADER_ATTR:
		return take_attr(p, b);
	case EVENT_UPDATE:
		return take_update(p, b);
	case HEADER_FEATURE:
		return take_feature(p, b);
	case HEADER_BUILD_ID:
		return perf_facts_add_build_id(&p->facts, record->header.misc, b);
	case HEADER_TRACING_DATA:
		return pass_over(p, b, false);
	case AUXTRACE:
		return pass_over(p, b, true);
	case PERF_FILE_FINISHED_ROUND:
		return perf_order_finish_round(&p->order);
	case COMPRESSED:
	case COMPRESSED2:
		return take_packed(p, record, b);
	}
	if (record->header.type > LAST_KNOWN)
		warnings_add(p->context.warnings, "unknown records", "a record of the unknown type %u at byte %llu is "
			     "passed over", record->header.type, (unsigned long long)record->offset);
	return 0;
}

/* ---- what the kernel says ---- */

static bool is_wanted(const struct perf_reader *p, const struct perf_event *e)
{
	return !p->context.event || strcmp(p->context.event, e->name) == 0;
}

static int queue(struct perf_reader *p, const struct perf_record *record, uint64_t time_ns)
{
	(void)perf_block_ref(record->block);
	return perf_order_add(&p->order, time_ns, record);
}

static int take_sample(struct perf_reader *p, const struct perf_record *record)
{
	struct perf_bytes b = body_of(record->bytes, &record->header);
	uint64_t len = perf_bytes_left(&b), time_ns = 0;
	const struct perf_event *e = perf_events_of_sample(&p->events, b.at, len);

	if (!e) {
		warnings_add(p->context.warnings, "samples of no event", "a sample at byte %llu is of an event that "
			     "the file does not tell of; it is left out", (unsigned long long)record->offset);
		return 0;
	}
	if (!is_wanted(p, e))
		return 0;
	if (len < (uint64_t)e->layout.variable)
		return too_short(p, record->offset, record->header.type);
	if (e->layout.time >= 0)
		memcpy(&time_ns, b.at + e->layout.time, sizeof(time_ns));
	return queue(p, record, time_ns);
}

static uint64_t trailer_time(const struct perf_event *e, const uint8_t *body, uint64_t len)
{
	uint64_t time_ns = 0;

	if (e && e->has_trailer && e->layout.trailer_time > 0 && (uint64_t)e->layout.trailer <= len)
		memcpy(&time_ns, body + len - e->layout.trailer_time, sizeof(time_ns));
	return time_ns == UINT64_MAX ? 0 : time_ns;
}

static int take_kernel(struct perf_reader *p, const struct perf_record *record)
{
	struct perf_bytes b = body_of(record->bytes, &record->header);
	uint64_t len = perf_bytes_left(&b);

	switch (record->header.type) {
	case PERF_RECORD_SAMPLE:
		return take_sample(p, record);
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
	case PERF_RECORD_COMM:
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
	case PERF_RECORD_LOST:
	case PERF_RECORD_LOST_SAMPLES:
		return queue(p, record, trailer_time(perf_events_of_record(&p->events, b.at, len), b.at, len));
	default:
		return 0;
	}
}

int perf_reader_take(struct perf_reader *p, const struct perf_record *record)
{
	int r = record->header.type >= USER_TYPES ? take_user(p, record) : take_kernel(p, record);

	return r == -EBADMSG ? too_short(p, record->offset, record->header.type) : r;
}

/* ---- when its time has come ---- */

/* The window of an event; NULL: no memory. */
static struct perf_window *window_of(struct perf_reader *p, const struct perf_event *e)
{
	struct perf_window **windows;

	if (e->index >= p->n_windows) {
		windows = realloc(p->windows, p->events.n * sizeof(struct perf_window *));
		if (!windows)
			return NULL;
		memset(windows + p->n_windows, 0, (p->events.n - p->n_windows) * sizeof(struct perf_window *));
		p->windows = windows;
		p->n_windows = p->events.n;
	}
	if (!p->windows[e->index])
		p->windows[e->index] = perf_window_new(e, &p->tasks);
	return p->windows[e->index];
}

static int collect(struct perf_reader *p, struct perf_window *w, const struct perf_sample *s,
		   const struct perf_thread *thread)
{
	int r = p->stacks ? 0 : dwarf_stacks_new(p->context.host, p->context.files->inspect, &p->stacks);

	if (r == 0)
		r = dwarf_stacks_collect(p->stacks, w, s, thread);
	if (r != -EBUSY)
		return r;
	r = dwarf_stacks_flush(p->stacks);
	return r < 0 ? r : dwarf_stacks_collect(p->stacks, w, s, thread);
}

/* Tasks that come and go take others along (perf_tasks.c), so nothing may point to any then. */
static int settle_stacks(struct perf_reader *p, const struct perf_event_header *h, struct perf_bytes b)
{
	bool is_one = h->type != PERF_RECORD_FORK && h->type != PERF_RECORD_EXIT;

	if (!p->stacks || (is_one && !dwarf_stacks_have(p->stacks, perf_take_u32(&b))))
		return 0;
	return dwarf_stacks_flush(p->stacks);
}

static int tell_sample(struct perf_reader *p, const struct perf_event_header *h, const uint8_t *body,
		       uint64_t len)
{
	const struct perf_event *e = perf_events_of_sample(&p->events, body, len);
	struct perf_thread *thread;
	struct perf_window *w;
	struct perf_sample s;
	int r;

	if (!e || perf_sample_parse(e, h->misc, body, len, &s) < 0)
		return -EBADMSG;
	w = window_of(p, e);
	thread = w ? perf_tasks_thread(&p->tasks, s.pid, s.tid) : NULL;
	if (!thread)
		return -ENOMEM;
	r = dwarf_stacks_are_of(e) ? collect(p, w, &s, thread) : 0;
	if (r < 0)
		return r;
	if (!dwarf_stacks_are_of(e))
		perf_window_add_sample(w, &s, thread);
	p->n_samples++;
	p->n_all++;
	return 0;
}

/*
 * A kernel that counts losses per event says so twice: as they happen (LOST, which also counts other
 * records), and at the end (LOST_SAMPLES). The latter is exact.
 */
static int tell_loss(struct perf_reader *p, const struct perf_event_header *h, const uint8_t *body,
		     uint64_t len)
{
	struct perf_event *e = perf_events_of_record(&p->events, body, len);
	struct perf_bytes b = perf_bytes_of(body, len);
	struct perf_window *w;
	uint64_t n;

	if (h->type == PERF_RECORD_LOST)
		(void)perf_take_u64(&b);
	n = perf_take_u64(&b);
	if (!e || b.is_short || (h->type == PERF_RECORD_LOST && e->read_format & PERF_FORMAT_LOST))
		return b.is_short ? -EBADMSG : 0;
	w = window_of(p, e);
	if (!w)
		return -ENOMEM;
	w->n_lost += n;
	p->context.host->count(p->context.host, "samples_lost.ring full", n);
	return 0;
}

static int tell_change(struct perf_reader *p, const struct perf_event_header *h, struct perf_bytes b,
		       uint64_t time_ns)
{
	const struct perf_event *e = perf_events_of_record(&p->events, b.at, perf_bytes_left(&b));
	struct perf_change change;
	int r = settle_stacks(p, h, b);

	if (r < 0)
		return r;
	if (e && e->has_trailer && (uint64_t)e->layout.trailer <= perf_bytes_left(&b))
		b.end -= e->layout.trailer;
	r = perf_tasks_apply(&p->tasks, h, b, time_ns, &change);
	for (uint32_t i = 0; r == 0 && change.kind && i < p->n_windows; i++)
		if (p->windows[i])
			perf_window_add_change(p->windows[i], &change, time_ns);
	return r;
}

int perf_reader_tell(struct perf_reader *p, const struct perf_timed *t)
{
	struct perf_event_header h;
	struct perf_bytes b;
	int r;

	memcpy(&h, t->bytes, sizeof(h));
	b = body_of(t->bytes, &h);
	if (t->time_ns && t->time_ns < p->last_ns)
		warnings_add(p->context.warnings, "records out of order", "a record of %llu ns came behind one of "
			     "%llu ns, further apart than can be sorted; mappings may be missing",
			     (unsigned long long)t->time_ns, (unsigned long long)p->last_ns);
	p->last_ns = t->time_ns > p->last_ns ? t->time_ns : p->last_ns;
	if (h.type == PERF_RECORD_SAMPLE)
		r = tell_sample(p, &h, b.at, perf_bytes_left(&b));
	else if (h.type == PERF_RECORD_LOST || h.type == PERF_RECORD_LOST_SAMPLES)
		r = tell_loss(p, &h, b.at, perf_bytes_left(&b));
	else
		r = tell_change(p, &h, b, t->time_ns);
	if (!p->stacks)
		perf_tasks_bury(&p->tasks);
	return r == -EBADMSG ? too_short(p, 0, h.type) : r;
}
