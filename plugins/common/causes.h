/* SPDX-License-Identifier: Apache-2.0 */
/* Counts by cause, as the losses of a profile have them. */
#pragma once

#include <stdint.h>

#include <hearth/flat.h>

enum { MAX_CAUSES = 32 };

/* Zero it before use. What comes after MAX_CAUSES distinct causes is lumped into the last. */
struct causes {
	char *text[MAX_CAUSES];
	uint64_t count[MAX_CAUSES];
	uint32_t n;
};

void causes_add(struct causes *c, const char *cause, uint64_t count);
/* Adds the losses of one kind (HEARTH_LOSS_*) that a batch tells of. */
void causes_add_losses(struct causes *c, const struct hearth_flat *f, uint32_t kind);
uint64_t causes_sum(const struct causes *c);
void causes_done(struct causes *c);
