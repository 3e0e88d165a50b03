/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mappings whose file could not be opened, for 10 s: what failed a moment ago fails again, and
 * what hung the opener would hang it again. A fixed number of them; the oldest gives way.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "helper/protocol.h"

#define REFUSALS_MAX 256u

struct refusal_key {
	int32_t pid; /* 0: whoever asks */
	uint32_t device_major, device_minor;
	uint64_t inode;
};

struct refusal {
	struct refusal_key key;
	uint64_t until_ns; /* 0: free */
	int status;
	char cause[HELPER_MAX_CAUSE];
};

struct refusals {
	struct refusal *entries; /* allocated at the first refusal */
	unsigned int next;
};

void refusals_add(struct refusals *r, const struct refusal_key *key, int status, const char *cause);
/* NULL: not refused, or no longer. key->pid is also matched by refusals for everybody. */
const struct refusal *refusals_find(const struct refusals *r, const struct refusal_key *key);
void refusals_done(struct refusals *r);
