/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named counters of one instance. Adding is [any thread] and takes no lock once the name
 * exists; names are never removed. At most 256 names, further ones add up under "other".
 */
#pragma once

#include <stdint.h>

#include "util/cleanup.h"

struct counters;

int counters_new(struct counters **ret);
struct counters *counters_free(struct counters *c); /* NULL */
DEFINE_CLEANUP(struct counters *, counters_free)

void counters_add(struct counters *c, const char *name, uint64_t add);
uint64_t counters_value(const struct counters *c, const char *name); /* 0 if never added */
/* fn for every counter, in the order of the names. */
void counters_each(const struct counters *c, void (*fn)(void *ctx, const char *name, uint64_t value),
		   void *ctx);
