/* SPDX-License-Identifier: Apache-2.0 */
/* The descriptor: one source, and the verb that everybody starts with. */
#include <hearth/plugin.h>

#include "record.h"
#include "sampler.h"

static const struct hearth_component *const components[] = { &cpu_sampler, NULL };
static const struct hearth_verb *const verbs[] = { &record_verb, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.name = "cpu-sampler",
	.version = HEARTH_VERSION,
	.license = "Apache-2.0",
	.components = components,
	.verbs = verbs,
};
