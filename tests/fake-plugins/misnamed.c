/* SPDX-License-Identifier: Apache-2.0 */
/* A file that was renamed: the descriptor says another name. */
#include "fake.h"

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_CONTROLLER,
	.name = "fake-original",
	.create = fake_create,
	.destroy = free,
};

FAKE_PLUGIN("fake-original");
