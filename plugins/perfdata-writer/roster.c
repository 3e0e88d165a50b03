/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys are interned rows, which never change; what does change of them stands in a second section
 * beside, row for row. A pid that passes to another process gets a new identity, and with it the
 * threads and mappings of the former are forgotten without being looked for.
 */
#include "roster.h"

enum { PIDS = 2, PID_STATES, TIDS, TID_STATES, MAPPINGS };

struct pid_key {
	uint32_t pid, zero;
};

struct pid_state {
	uint64_t start_time;
	uint32_t exec_generation, identity; /* 0: nobody yet */
};

struct tid_key {
	uint32_t identity, tid;
};

struct tid_state {
	uint32_t comm, is_here;
};

struct mapping_key {
	uint64_t start, end, file_offset;
	uint32_t identity, path;
};

void roster_init(struct roster *r)
{
	hearth_flat_init(&r->seats);
	r->n_identities = 0;
}

void roster_done(struct roster *r)
{
	hearth_flat_done(&r->seats);
}

void roster_reset(struct roster *r)
{
	hearth_flat_reset(&r->seats);
	r->n_identities = 0;
}

int roster_error(const struct roster *r)
{
	return r->seats.error;
}

/* The state beside a key; NULL without memory. */
static void *state_of(struct roster *r, uint32_t keys, const void *key, size_t key_size,
		      uint32_t states, size_t state_size)
{
	uint32_t i = hearth_flat_intern(&r->seats, keys, key, key_size);

	while (!r->seats.error && r->seats.rows[states].count <= i)
		hearth_flat_append(&r->seats, states, NULL, state_size);
	return r->seats.error ? NULL : hearth_flat_at(&r->seats, states, i);
}

static struct pid_state *pid_state(struct roster *r, uint32_t pid)
{
	struct pid_key key = { .pid = pid };

	return state_of(r, PIDS, &key, sizeof(key), PID_STATES, sizeof(struct pid_state));
}

static struct tid_state *tid_state(struct roster *r, uint32_t identity, uint32_t tid)
{
	struct tid_key key = { .identity = identity, .tid = tid };

	return state_of(r, TIDS, &key, sizeof(key), TID_STATES, sizeof(struct tid_state));
}

bool roster_meet(struct roster *r, uint32_t pid, uint32_t exec_generation, uint64_t start_time)
{
	struct pid_state *s = pid_state(r, pid);
	bool fits;

	if (!s)
		return false;
	fits = s->start_time == start_time || !s->start_time || !start_time;
	if (s->identity && fits && s->exec_generation == exec_generation) {
		s->start_time = s->start_time ? s->start_time : start_time;
		return false;
	}
	*s = (struct pid_state){ start_time, exec_generation, ++r->n_identities };
	return true;
}

static uint32_t identity_of(struct roster *r, uint32_t pid)
{
	const struct pid_state *s = pid_state(r, pid);

	return s ? s->identity : 0;
}

struct roster_thread roster_meet_thread(struct roster *r, uint32_t pid, uint32_t tid, const char *comm)
{
	uint32_t name = hearth_flat_intern_string(&r->seats, comm);
	struct tid_state *s = tid_state(r, identity_of(r, pid), tid);
	struct roster_thread news = {};

	if (!s)
		return news;
	news.is_new = !s->is_here;
	news.is_renamed = news.is_new || s->comm != name;
	*s = (struct tid_state){ .comm = name, .is_here = true };
	return news;
}

bool roster_leave(struct roster *r, uint32_t pid, uint32_t tid)
{
	struct tid_state *s = tid_state(r, identity_of(r, pid), tid);
	bool was_here = s && s->is_here;

	if (was_here)
		s->is_here = false;
	return was_here;
}

bool roster_meet_mapping(struct roster *r, uint32_t pid, uint64_t start, uint64_t end,
			 uint64_t file_offset, const char *path)
{
	struct mapping_key key = {
		.start = start, .end = end, .file_offset = file_offset,
		.identity = identity_of(r, pid),
		.path = hearth_flat_intern_string(&r->seats, path),
	};
	uint64_t before = r->seats.rows[MAPPINGS].count;

	return hearth_flat_intern(&r->seats, MAPPINGS, &key, sizeof(key)) >= before && !r->seats.error;
}
