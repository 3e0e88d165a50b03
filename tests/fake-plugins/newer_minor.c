/* SPDX-License-Identifier: Apache-2.0 */
/* Says that it needs minor 3. */
#include "fake.h"

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "fake-newer-minor",
	.accepts = FAKE_ANY,
	.create = fake_create,
	.consume = fake_consume,
	.destroy = free,
};

FAKE_PLUGIN_NEEDING("fake-newer-minor", 3);
