/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers that are the same in every run (xorshift64), so that a failure repeats. */
#pragma once

#include <stdint.h>

struct sequence {
	uint64_t state;
};

static inline uint32_t random_below(struct sequence *s, uint32_t n)
{
	s->state ^= s->state << 13;
	s->state ^= s->state >> 7;
	s->state ^= s->state << 17;
	return (uint32_t)(s->state >> 11) % n;
}
