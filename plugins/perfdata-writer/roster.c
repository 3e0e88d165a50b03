/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys are interned rows, which never change; what does change of them stands in a second section
 * beside, row for row. A pid that passes to another process gets a new identity, and with it the
 * threads and mappings of the former are forgotten without being looked for. A program that had the
 * pid before keeps its own: windows of several sources go back in time.
 */
#include "roster.h"

enum { PROGRAMS = 2, PROGRAM_STATES, HOLDERS, HOLDER_STATES, TIDS, TID_STATES, MAPPINGS, MAPPING_STATES };

struct program_key {
	uint32_t pid, exec_generation;
};

struct program_state {
	uint64_t start_time, since_ns, last_ns;
	uint32_t identity, zero; /* 0: nobody yet */
};

struct holder_key {
	uint32_t pid, zero;
};

/* Who has the pid last, by the times that were told. */
struct holder_state {
	uint64_t since_ns;
	uint32_t identity, zero;
};

struct tid_key {
	uint32_t identity, tid;
};

struct tid_state {
	uint64_t since_ns;
	uint32_t comm, is_here;
};

struct mapping_key {
	uint64_t start, end, file_offset;
	uint32_t identity, path;
};

struct mapping_state {
	uint64_t since_ns, is_told;
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

static struct program_state *program_state(struct roster *r, uint32_t pid, uint32_t exec_generation)
{
	struct program_key key = { .pid = pid, .exec_generation = exec_generation };

	return state_of(r, PROGRAMS, &key, sizeof(key), PROGRAM_STATES, sizeof(struct program_state));
}

static struct holder_state *holder_state(struct roster *r, uint32_t pid)
{
	struct holder_key key = { .pid = pid };

	return state_of(r, HOLDERS, &key, sizeof(key), HOLDER_STATES, sizeof(struct holder_state));
}

static struct tid_state *tid_state(struct roster *r, uint32_t identity, uint32_t tid)
{
	struct tid_key key = { .identity = identity, .tid = tid };

	return state_of(r, TIDS, &key, sizeof(key), TID_STATES, sizeof(struct tid_state));
}

/* It was made known for a later time: from now on as of this one. */
static struct roster_process meet_earlier(struct program_state *s, struct holder_state *holder,
					  uint64_t time_ns)
{
	s->since_ns = time_ns;
	if (holder->identity == s->identity)
		holder->since_ns = time_ns;
	return (struct roster_process){ s->identity, true, s->last_ns };
}

struct roster_process roster_meet(struct roster *r, uint32_t pid, uint32_t exec_generation,
				  uint64_t start_time, uint64_t time_ns)
{
	struct program_state *s = program_state(r, pid, exec_generation);
	struct holder_state *holder = holder_state(r, pid);
	bool fits, takes_over;

	if (!s || !holder)
		return (struct roster_process){ .identity = 0 };
	fits = s->identity && (s->start_time == start_time || !s->start_time || !start_time);
	takes_over = holder->identity != s->identity && time_ns >= holder->since_ns;
	if (fits && !takes_over) {
		s->start_time = s->start_time ? s->start_time : start_time;
		return time_ns < s->since_ns ? meet_earlier(s, holder, time_ns) :
					       (struct roster_process){ s->identity, false, s->last_ns };
	}
	*s = (struct program_state){ start_time, time_ns, time_ns, ++r->n_identities, 0 };
	if (time_ns >= holder->since_ns)
		*holder = (struct holder_state){ time_ns, s->identity, 0 };
	return (struct roster_process){ s->identity, true, time_ns };
}

uint32_t roster_identity(struct roster *r, uint32_t pid, uint32_t exec_generation)
{
	const struct program_state *s = program_state(r, pid, exec_generation);

	return s ? s->identity : 0;
}

struct roster_thread roster_meet_thread(struct roster *r, uint32_t identity, uint32_t tid,
					const char *comm, uint64_t time_ns)
{
	uint32_t name = hearth_flat_intern_string(&r->seats, comm);
	struct tid_state *s = tid_state(r, identity, tid);
	struct roster_thread news = {};

	if (!s)
		return news;
	news.is_new = !s->is_here || time_ns < s->since_ns;
	news.is_renamed = news.is_new || s->comm != name;
	*s = (struct tid_state){
		.since_ns = news.is_new ? time_ns : s->since_ns, .comm = name, .is_here = true,
	};
	return news;
}

bool roster_leave(struct roster *r, uint32_t identity, uint32_t tid)
{
	struct tid_state *s = tid_state(r, identity, tid);
	bool was_here = s && s->is_here;

	if (was_here)
		s->is_here = false;
	return was_here;
}

bool roster_meet_mapping(struct roster *r, uint32_t identity, uint64_t start, uint64_t end,
			 uint64_t file_offset, const char *path, uint64_t time_ns)
{
	struct mapping_key key = {
		.start = start, .end = end, .file_offset = file_offset,
		.identity = identity,
		.path = hearth_flat_intern_string(&r->seats, path),
	};
	struct mapping_state *s = state_of(r, MAPPINGS, &key, sizeof(key), MAPPING_STATES, sizeof(*s));

	if (!s || (s->is_told && s->since_ns <= time_ns))
		return false;
	*s = (struct mapping_state){ .since_ns = time_ns, .is_told = true };
	return true;
}
