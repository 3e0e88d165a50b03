/* SPDX-License-Identifier: Apache-2.0 */
/* Two components in one file; either may run as two instances. */
#include "fake.h"

#define SINK(component_name) { \
	.size = sizeof(struct hearth_component), \
	.kind = HEARTH_SINK, \
	.name = (component_name), \
	.accepts = FAKE_ANY, \
	.create = fake_create, \
	.consume = fake_consume, \
	.destroy = free, \
}

static const struct hearth_component left = SINK("left"), right = SINK("right");
static const struct hearth_component *const components[] = { &left, &right, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.name = "fake-two",
	.version = "1.0",
	.license = "Apache-2.0",
	.components = components,
};
