/* SPDX-License-Identifier: Apache-2.0 */
/* One plugin: the sink that ranks, and the verb that has it rank a file. */
#include "hotspots.h"

static const struct hearth_component *const components[] = { &hotspots_component, NULL };
static const struct hearth_verb *const verbs[] = { &report_verb, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.name = "hotspots",
	.version = HEARTH_VERSION,
	.license = "Apache-2.0",
	.components = components,
	.verbs = verbs,
};
