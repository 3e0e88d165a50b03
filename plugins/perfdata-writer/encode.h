/* SPDX-License-Identifier: Apache-2.0 */
/* Records of perf.data, appended to a buffer in the layout of <linux/perf_event.h>. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What of the fields that identify a record is written, and in what order: PERF_SAMPLE_*. */
#define ENCODE_SAMPLE_TYPE                                                                         \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |           \
	 PERF_SAMPLE_CPU | PERF_SAMPLE_CALLCHAIN)

struct encoder {
	uint8_t *bytes;
	size_t len, capacity;
	size_t began;  /* where the open record begins */
	int error;     /* -ENOMEM, or -EMSGSIZE: a record that was too long was left out */
};

void encoder_done(struct encoder *e);
/* Forgets what was encoded and keeps the memory. */
void encoder_reset(struct encoder *e);

/* Whose a record is: the trailer that every record but a sample has. */
struct stamp {
	uint32_t pid, tid, cpu;
	uint64_t time_ns, id;
};

void encode_comm(struct encoder *e, const struct stamp *s, const char *comm, bool is_exec);
/* is_exec: the new process shares no mappings with its parent. */
void encode_fork(struct encoder *e, const struct stamp *s, uint32_t ppid, uint32_t ptid, bool is_exec);
void encode_exit(struct encoder *e, const struct stamp *s, uint32_t ppid, uint32_t ptid);

struct encode_map {
	uint64_t start, len, file_offset;
	const char *path;
	const uint8_t *build_id;
	uint32_t build_id_len; /* 0: unknown */
	bool is_kernel;
};

void encode_mmap2(struct encoder *e, const struct stamp *s, const struct encode_map *map);
void encode_lost_samples(struct encoder *e, const struct stamp *s, uint64_t n);
void encode_finished_round(struct encoder *e);

struct encode_sample {
	struct stamp stamp;
	uint64_t ip;
	uint16_t misc;          /* PERF_RECORD_MISC_KERNEL or _USER: of ip */
	bool has_period;
	uint64_t period;
	const uint64_t *chain;  /* with PERF_CONTEXT_* before each part */
	uint32_t n_chain;
};

void encode_sample(struct encoder *e, const struct encode_sample *s);

/* Anything else: raw bytes between encode_begin() and encode_end(). */
void encode_begin(struct encoder *e, uint32_t type, uint16_t misc);
void encode_put(struct encoder *e, const void *bytes, size_t len);
void encode_end(struct encoder *e);
