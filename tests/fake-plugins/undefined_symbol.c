/* SPDX-License-Identifier: Apache-2.0 */
/* Was not linked with a library that it needs. */
#include "fake.h"

int32_t symbol_of_a_library_that_is_not_linked(void *instance);

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_CONTROLLER,
	.name = "fake-undefined-symbol",
	.create = fake_create,
	.start = symbol_of_a_library_that_is_not_linked,
	.destroy = free,
};

FAKE_PLUGIN("fake-undefined-symbol");
