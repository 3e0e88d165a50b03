/* SPDX-License-Identifier: Apache-2.0 */
/* A ring: insertion order is expiry order. Without memory nothing is remembered, which is safe. */
#include "helper/refusals.h"

#include <stdlib.h>
#include <string.h>

#include "util/clock.h"

#define REFUSAL_NS (10 * NS_PER_S)

static bool matches(const struct refusal *have, const struct refusal_key *key)
{
	return (have->key.pid == 0 || have->key.pid == key->pid) && have->key.inode == key->inode &&
	       have->key.device_major == key->device_major &&
	       have->key.device_minor == key->device_minor;
}

void refusals_add(struct refusals *r, const struct refusal_key *key, int status, const char *cause)
{
	struct refusal *refusal;

	if (!r->entries)
		r->entries = calloc(REFUSALS_MAX, sizeof(*r->entries));
	if (!r->entries)
		return;
	refusal = &r->entries[r->next];
	r->next = (r->next + 1) % REFUSALS_MAX;
	*refusal = (struct refusal){
		.key = *key,
		.until_ns = clock_monotonic_ns() + REFUSAL_NS,
		.status = status,
	};
	(void)stpncpy(refusal->cause, cause, sizeof(refusal->cause) - 1);
}

const struct refusal *refusals_find(const struct refusals *r, const struct refusal_key *key)
{
	uint64_t now = clock_monotonic_ns();

	for (unsigned int i = 0; r->entries && i < REFUSALS_MAX; i++)
		if (now < r->entries[i].until_ns && matches(&r->entries[i], key))
			return &r->entries[i];
	return NULL;
}

void refusals_done(struct refusals *r)
{
	free(r->entries);
	*r = (struct refusals){};
}
