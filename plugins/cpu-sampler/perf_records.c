/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel writes these records, but the strings in them are chosen by other processes and a
 * ring may have been overrun: every length is checked against the record's before it is used.
 */
#include "perf_records.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* A cursor over the body of one record; reading past the end fails once and for all. */
struct body {
	const uint8_t *at;
	size_t left;
	bool is_short;
};

struct sample_id {
	uint32_t pid, tid;
	uint64_t time;
};

static void body_read(struct body *b, void *out, size_t n)
{
	if (b->is_short || b->left < n) {
		b->is_short = true;
		memset(out, 0, n);
		return;
	}
	memcpy(out, b->at, n);
	b->at += n;
	b->left -= n;
}

static uint32_t body_u32(struct body *b)
{
	uint32_t v;

	body_read(b, &v, sizeof(v));
	return v;
}

static uint64_t body_u64(struct body *b)
{
	uint64_t v;

	body_read(b, &v, sizeof(v));
	return v;
}

/* The string that fills the rest of the body; NULL: it has no end. */
static const char *body_string(struct body *b)
{
	if (b->is_short || !memchr(b->at, 0, b->left)) {
		b->is_short = true;
		return NULL;
	}
	return (const char *)b->at;
}

static void parse_task(struct body *b, struct process_event *e)
{
	e->pid = body_u32(b);
	e->parent_pid = body_u32(b);
	e->tid = body_u32(b);
	e->parent_tid = body_u32(b);
	e->time_ns = body_u64(b);
}

static void parse_comm(struct body *b, struct process_event *e)
{
	e->pid = body_u32(b);
	e->tid = body_u32(b);
	e->comm = body_string(b);
}

static void parse_mmap2(struct body *b, struct process_event *e)
{
	uint64_t len;

	e->pid = body_u32(b);
	e->tid = body_u32(b);
	e->start = body_u64(b);
	len = body_u64(b);
	e->file_offset = body_u64(b);
	e->device_major = body_u32(b);
	e->device_minor = body_u32(b);
	e->inode = body_u64(b);
	(void)body_u64(b); /* inode generation */
	(void)body_u64(b); /* protection, flags */
	e->path = body_string(b);
	if (len == 0 || __builtin_add_overflow(e->start, len, &e->end))
		b->is_short = true;
}

static void parse_lost(struct body *b, struct process_event *e)
{
	(void)body_u64(b); /* id of the event */
	e->lost = body_u64(b);
}

/* A sample has its id in front, and no trailer. */
static void parse_sample(struct body *b, struct process_event *e)
{
	e->pid = body_u32(b);
	e->tid = body_u32(b);
	e->time_ns = body_u64(b);
	e->n_chain = body_u64(b);
	e->chain = b->at;
	if (e->n_chain > b->left / sizeof(uint64_t))
		b->is_short = true;
}

static const struct {
	uint32_t type;
	enum process_event_kind kind;
	void (*parse)(struct body *b, struct process_event *e);
} records[] = {
	{ PERF_RECORD_FORK, PROCESS_EVENT_FORK, parse_task },
	{ PERF_RECORD_EXIT, PROCESS_EVENT_EXIT, parse_task },
	{ PERF_RECORD_COMM, PROCESS_EVENT_COMM, parse_comm },
	{ PERF_RECORD_MMAP2, PROCESS_EVENT_MMAP, parse_mmap2 },
	{ PERF_RECORD_LOST, PROCESS_EVENT_LOST, parse_lost },
	{ PERF_RECORD_SAMPLE, PROCESS_EVENT_SAMPLE, parse_sample },
};

/* What trails every record but samples. */
static int take_trailer(struct body *b, struct sample_id *id)
{
	if (b->left < sizeof(*id))
		return -EBADMSG;
	b->left -= sizeof(*id);
	memcpy(id, b->at + b->left, sizeof(*id));
	return 0;
}

static int parse_record(struct body *b, size_t i, struct process_event *e)
{
	struct sample_id id;

	if (records[i].kind != PROCESS_EVENT_SAMPLE && take_trailer(b, &id) < 0)
		return -EBADMSG;
	e->kind = records[i].kind;
	records[i].parse(b, e);
	if (b->is_short)
		return -EBADMSG;
	if (e->kind != PROCESS_EVENT_SAMPLE)
		e->time_ns = id.time;
	return 0;
}

int perf_record_parse(const void *data, size_t len, struct process_event *ret)
{
	struct process_event e = {};
	struct perf_event_header head;
	struct body body;

	if (len < sizeof(head))
		return -EBADMSG;
	memcpy(&head, data, sizeof(head));
	if (head.size > len || head.size < sizeof(head))
		return -EBADMSG;
	body.at = (const uint8_t *)data + sizeof(head);
	body.left = head.size - sizeof(head);
	body.is_short = false;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		if (records[i].type != head.type)
			continue;
		if (parse_record(&body, i, &e) < 0)
			return -EBADMSG;
		if (e.kind == PROCESS_EVENT_COMM && head.misc & PERF_RECORD_MISC_COMM_EXEC)
			e.kind = PROCESS_EVENT_EXEC;
		break;
	}
	*ret = e;
	return 0;
}
