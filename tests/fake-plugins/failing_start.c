/* SPDX-License-Identifier: Apache-2.0 */
/* Cannot begin its work, and says why. */
#include "fake.h"

static int32_t start(void *instance)
{
	const struct hearth_host *h = ((struct fake *)instance)->host;

	h->log(h, HEARTH_LOG_ERROR, "the device is not there; plug it in");
	return -ENODEV;
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "fake-failing-start",
	.accepts = FAKE_ANY,
	.create = fake_create,
	.start = start,
	.consume = fake_consume,
	.destroy = free,
};

FAKE_PLUGIN("fake-failing-start");
