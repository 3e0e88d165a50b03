/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses a value for a reason that its option table cannot say. */
#include "fake.h"

static const struct hearth_option options[] = {
	{ .name = "size", .type = HEARTH_INT, .def = "4", .min = 1, .max = 1024,
	  .help = "A power of two" },
};

static int32_t check(const struct hearth_host *h)
{
	int64_t size = h->option_int(h, "size");

	return size & (size - 1) ? h->refuse(h, "size", "must be a power of two") : 0;
}

static int32_t create(const struct hearth_host *h, void **ret)
{
	int32_t r = check(h);

	return r < 0 ? r : fake_create(h, ret);
}

static int32_t update(void *instance)
{
	return check(((struct fake *)instance)->host);
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "fake-refuses-option",
	.accepts = FAKE_ANY,
	FAKE_OPTIONS(options),
	.create = create,
	.consume = fake_consume,
	.update = update,
	.destroy = free,
};

FAKE_PLUGIN("fake-refuses-option");
