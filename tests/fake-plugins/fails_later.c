/* SPDX-License-Identifier: Apache-2.0 */
/* Starts well and gives up after a while. */
#include "fake.h"

static const struct hearth_option options[] = {
	{ .name = "after", .type = HEARTH_DURATION, .def = "200ms", .help = "When it gives up" },
};

static int32_t start(void *instance)
{
	const struct hearth_host *h = ((struct fake *)instance)->host;

	return h->set_timer(h, 0, (uint64_t)h->option_int(h, "after"), 0);
}

static void on_timer(void *instance, uint32_t id)
{
	const struct hearth_host *h = ((struct fake *)instance)->host;

	(void)id;
	h->fail(h, "the device is gone; plug it in again");
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "fake-fails-later",
	.accepts = FAKE_ANY,
	FAKE_OPTIONS(options),
	.create = fake_create,
	.start = start,
	.consume = fake_consume,
	.on_timer = on_timer,
	.destroy = free,
};

FAKE_PLUGIN("fake-fails-later");
