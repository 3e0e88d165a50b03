/* SPDX-License-Identifier: Apache-2.0 */
/* Built with an older header, whose component ended before diagnose: loads, the rest reads 0. */
#include "fake.h"

static void unreachable(const struct hearth_diagnosis *d)
{
	(void)d;
	abort();
}

static const struct hearth_component component = {
	.size = offsetof(struct hearth_component, diagnose),
	.kind = HEARTH_CONTROLLER,
	.name = "fake-shorter-struct",
	.create = fake_create,
	.destroy = free,
	.diagnose = unreachable, /* lies behind the struct that it says it has */
};

FAKE_PLUGIN("fake-shorter-struct");
