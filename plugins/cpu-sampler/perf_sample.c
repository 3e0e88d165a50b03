/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's own walk of frame pointers does not say how it ended, so no stack is passed off as
 * whole here.
 */
#include "perf_sample.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

_Static_assert(offsetof(struct perf_sample, addresses) == sizeof(struct sample_record),
	       "addresses follow a sample_record");

void perf_sample_take(const struct process_event *e, struct perf_sample *ret)
{
	struct sample_record *head = &ret->head;
	bool is_user = true;

	memset(head, 0, sizeof(*head));
	head->time_ns = e->time_ns;
	head->pid = e->pid;
	head->tid = e->tid;
	head->cpu = e->cpu;
	head->flags = SAMPLE_USER_UNCHECKED;
	for (uint64_t i = 0; i < e->n_chain && head->n_user < SAMPLE_MAX_FRAMES; i++) {
		uint64_t address;

		memcpy(&address, e->chain + i * sizeof(address), sizeof(address));
		if (address >= (uint64_t)PERF_CONTEXT_MAX)
			is_user = address == (uint64_t)PERF_CONTEXT_USER;
		else if (is_user)
			ret->addresses[head->n_user++] = address;
	}
	if (head->n_user == SAMPLE_MAX_FRAMES)
		head->flags = SAMPLE_USER_CUT;
}
