/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The overhead budget: what Hearth may cost, as a share of one CPU. Measured over windows of
 * 10 s; above the budget the scale of the sources is halved, below four fifths of it raised by a
 * quarter, up to 1000 (the configured rate). Pure; the measuring is agent.c's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_WINDOW_NS (10ull * 1000000000)

struct budget {
	uint64_t limit_millionths; /* of one CPU; 0: unlimited */
	uint32_t scale;            /* 1 to 1000 */
	uint64_t last_ns, last_cpu_ns; /* 0: not measured yet */
	double share;              /* of one CPU, in the last full window; -1: not known yet */
};

void budget_init(struct budget *b, uint64_t limit_millionths);
/* True if it is worth finding out what was used: budget_update() has no use for it earlier. */
bool budget_is_due(const struct budget *b, uint64_t now_ns);
/*
 * cpu_ns: CPU time used so far by all threads, helpers and BPF programs. True if a window has
 * ended and the scale has changed.
 */
bool budget_update(struct budget *b, uint64_t now_ns, uint64_t cpu_ns);
