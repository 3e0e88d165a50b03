/* SPDX-License-Identifier: Apache-2.0 */
/* Built with a later header, but uses nothing of what it added: loads. */
#include "fake.h"

struct later_component {
	struct hearth_component now;
	uint64_t since_minor_1;
};

static const struct later_component later = {
	.now = {
		.size = sizeof(later),
		.kind = HEARTH_SINK,
		.name = "fake-longer-struct",
		.accepts = FAKE_ANY,
		.create = fake_create,
		.consume = fake_consume,
		.destroy = free,
	},
};

#define component later.now
FAKE_PLUGIN("fake-longer-struct");
