/* SPDX-License-Identifier: Apache-2.0 */
/* Dereferences a null pointer when the first batch comes. */
#include "fake.h"

static volatile int *volatile nowhere; /* whose value the compiler may not know */

__attribute__((no_sanitize("undefined")))
static int32_t consume(void *instance, const struct hearth_batch *b)
{
	(void)instance;
	(void)b;
	*nowhere = 1;
	return 0;
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "fake-crash-in-consume",
	.accepts = FAKE_ANY,
	.create = fake_create,
	.consume = consume,
	.destroy = free,
};

FAKE_PLUGIN("fake-crash-in-consume");
