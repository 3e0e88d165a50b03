/* SPDX-License-Identifier: Apache-2.0 */
/* One PERF_RECORD_SAMPLE, taken apart by its event's layout. Everything is borrowed from the record. */
#pragma once

#include <stdint.h>

#include "perf_events.h"

/* Registers of the user side: abi 0 is none; one u64 per bit of mask, lowest bit first. */
struct perf_user_regs {
	uint64_t abi, mask;
	const uint8_t *values;
};

/* A piece of the user stack from the stack pointer up: `size` bytes of it are valid. */
struct perf_user_stack {
	const uint8_t *data;
	uint64_t size;
};

struct perf_sample {
	const struct perf_event *event;
	uint64_t ip, time_ns, address, period;
	uint32_t pid, tid, cpu; /* cpu: HEARTH_NO_CPU if not recorded */
	uint16_t misc;
	const uint8_t *chain;   /* n_chain × u64, maybe unaligned */
	uint64_t n_chain;
	struct perf_user_regs regs;
	struct perf_user_stack stack;
};

/* `body` is what follows the header. 0, or -EBADMSG: it is shorter than its layout. */
int perf_sample_parse(const struct perf_event *e, uint16_t misc, const uint8_t *body, uint64_t len,
		      struct perf_sample *ret);

/* Entry i of a call chain. */
static inline uint64_t perf_chain_at(const uint8_t *chain, uint64_t i)
{
	uint64_t v;

	memcpy(&v, chain + i * sizeof(v), sizeof(v));
	return v;
}
