/* SPDX-License-Identifier: Apache-2.0 */
/* Who and what the file being written knows already: nothing is introduced twice. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/flat_builder.h>

struct roster {
	struct hearth_flat_builder seats;
	uint32_t n_identities;
};

void roster_init(struct roster *r);
void roster_done(struct roster *r);
/* For the next file. */
void roster_reset(struct roster *r);
/* 0, or -ENOMEM: what it answered since the last reset cannot be relied on. */
int roster_error(const struct roster *r);

/*
 * time_ns is when somebody is needed. What was told for a later time only is told again: where
 * several sources take samples, a window of one may lie before what another has made known.
 */

/* A program in a process; it has been made known. */
struct roster_process {
	uint32_t identity;
	bool is_new;      /* to be made known as of now */
	uint64_t last_ns; /* the last time it was made known for, which may be later than now */
};

/* start_time 0: unknown, which fits any. */
struct roster_process roster_meet(struct roster *r, uint32_t pid, uint32_t exec_generation,
				  uint64_t start_time, uint64_t time_ns);
/* 0: it has not been met. */
uint32_t roster_identity(struct roster *r, uint32_t pid, uint32_t exec_generation);

/* The thread is new, or comes back under another name. */
struct roster_thread {
	bool is_new, is_renamed;
};
struct roster_thread roster_meet_thread(struct roster *r, uint32_t identity, uint32_t tid,
					const char *comm, uint64_t time_ns);
/* True if it was here. */
bool roster_leave(struct roster *r, uint32_t identity, uint32_t tid);
/* True if it had not been met. */
bool roster_meet_mapping(struct roster *r, uint32_t identity, uint64_t start, uint64_t end,
			 uint64_t file_offset, const char *path, uint64_t time_ns);
