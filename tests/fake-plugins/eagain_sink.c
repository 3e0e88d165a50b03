/* SPDX-License-Identifier: Apache-2.0 */
/* Answers -EAGAIN a few times before it takes a batch. */
#include "fake.h"

static const struct hearth_option options[] = {
	{ .name = "times", .type = HEARTH_INT, .def = "2", .min = 0, .max = 1000,
	  .help = "Refusals before each batch" },
};

static int32_t consume(void *instance, const struct hearth_batch *b)
{
	struct fake *f = instance;

	if ((int64_t)f->n++ < f->host->option_int(f->host, "times"))
		return -EAGAIN;
	f->n = 0;
	f->host->count(f->host, "samples_consumed", b->n_items);
	return 0;
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "fake-eagain-sink",
	.accepts = FAKE_ANY,
	FAKE_OPTIONS(options),
	.create = fake_create,
	.consume = consume,
	.destroy = free,
};

FAKE_PLUGIN("fake-eagain-sink");
