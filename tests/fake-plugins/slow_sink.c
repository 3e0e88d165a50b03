/* SPDX-License-Identifier: Apache-2.0 */
/* Takes its time with every batch. */
#include <time.h>

#include "fake.h"

static const struct hearth_option options[] = {
	{ .name = "delay", .type = HEARTH_DURATION, .def = "100ms", .help = "Time per batch" },
};

static int32_t consume(void *instance, const struct hearth_batch *b)
{
	struct fake *f = instance;
	int64_t delay = f->host->option_int(f->host, "delay");
	struct timespec t = { delay / 1000000000, delay % 1000000000 };

	(void)nanosleep(&t, NULL);
	f->host->count(f->host, "samples_consumed", b->n_items);
	return 0;
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "fake-slow-sink",
	.accepts = FAKE_ANY,
	FAKE_OPTIONS(options),
	.create = fake_create,
	.consume = consume,
	.destroy = free,
};

FAKE_PLUGIN("fake-slow-sink");
