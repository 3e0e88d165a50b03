/* SPDX-License-Identifier: Apache-2.0 */
/* Its option table contradicts itself. */
#include "fake.h"

static const struct hearth_option options[] = {
	{ .name = "rate", .type = HEARTH_INT, .def = "500", .min = 1, .max = 100, .unit = "Hz" },
};

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_CONTROLLER,
	.name = "fake-bad-default",
	FAKE_OPTIONS(options),
	.create = fake_create,
	.destroy = free,
};

FAKE_PLUGIN("fake-bad-default");
