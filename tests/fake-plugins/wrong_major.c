/* SPDX-License-Identifier: Apache-2.0 */
/* Built for a later ABI: exports hearth_plugin_v1 and no v0. */
#include "fake.h"

extern __attribute__((visibility("default"))) const struct hearth_plugin hearth_plugin_v1;

const struct hearth_plugin hearth_plugin_v1 = {
	.size = sizeof(struct hearth_plugin),
	.name = "fake-wrong-major",
};
