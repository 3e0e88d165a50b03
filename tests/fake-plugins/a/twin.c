/* SPDX-License-Identifier: Apache-2.0 */
/* One of two files with one name; the version says which folder it came from. */
#include "../fake.h"

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_CONTROLLER,
	.name = "fake-twin",
	.create = fake_create,
	.destroy = free,
};

static const struct hearth_component *const components[] = { &component, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.name = "fake-twin",
	.version = "a",
	.components = components,
};
