/* SPDX-License-Identifier: Apache-2.0 */
/* Causes come with the batches, which any source may have made, so their number is bounded here. */
#include "common/causes.h"

#include <stdlib.h>
#include <string.h>

#include <hearth/profile.h>

void causes_add(struct causes *c, const char *cause, uint64_t count)
{
	uint32_t i = 0;

	while (i < c->n && strcmp(c->text[i], cause) != 0)
		i++;
	if (i == MAX_CAUSES)
		i = MAX_CAUSES - 1;
	if (i == c->n) {
		c->text[i] = strdup(c->n == MAX_CAUSES - 1 ? "other causes" : cause);
		if (!c->text[i])
			return;
		c->n++;
	}
	c->count[i] += count;
}

void causes_add_losses(struct causes *c, const struct hearth_flat *f, uint32_t kind)
{
	for (uint64_t i = 0; i < hearth_flat_count(f, HEARTH_PROFILE_LOSSES); i++) {
		struct hearth_loss loss = hearth_profile_loss(f, i);

		if (loss.kind == kind)
			causes_add(c, hearth_flat_string(f, loss.cause), loss.count);
	}
}

uint64_t causes_sum(const struct causes *c)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < c->n; i++)
		sum += c->count[i];
	return sum;
}

void causes_done(struct causes *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		free(c->text[i]);
	*c = (struct causes){ .n = 0 };
}
