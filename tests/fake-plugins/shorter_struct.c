/* SPDX-License-Identifier: Apache-2.0 */
/* Built with an older header, whose component ended before on_budget: loads, the rest reads 0. */
#include "fake.h"

static void on_wake(void *instance)
{
	((struct fake *)instance)->n++;
}

static void unreachable(void *instance, uint32_t scale)
{
	(void)instance;
	(void)scale;
	abort();
}

static const struct hearth_component component = {
	.size = offsetof(struct hearth_component, on_budget),
	.kind = HEARTH_CONTROLLER,
	.name = "fake-shorter-struct",
	.create = fake_create,
	.on_wake = on_wake,
	.on_budget = unreachable, /* what lies behind the struct that it says it has */
	.destroy = free,
};

FAKE_PLUGIN("fake-shorter-struct");
