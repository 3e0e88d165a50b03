/* SPDX-License-Identifier: Apache-2.0 */
/* The descriptor: a sink that draws, and the verb that starts it. */
#include "top.h"

static const struct hearth_component *const components[] = { &top_component, NULL };
static const struct hearth_verb *const verbs[] = { &top_verb, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.name = "top",
	.version = HEARTH_VERSION,
	.license = "Apache-2.0",
	.components = components,
	.verbs = verbs,
};
