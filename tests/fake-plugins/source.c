/* SPDX-License-Identifier: Apache-2.0 */
/* A third-party source of profiles, live: ten windows a second, `rate` samples a second. */
#include "fake.h"
#include "profile.h"

#define WINDOW_NS 100000000u

static const struct hearth_option options[] = {
	{ .name = "rate", .type = HEARTH_INT, .def = "100", .min = 10, .max = 10000000, .unit = "Hz",
	  .help = "Samples per second, in ten windows" },
};

static int32_t start(void *instance)
{
	struct fake *f = instance;

	return f->host->set_timer(f->host, 0, WINDOW_NS, WINDOW_NS);
}

static void on_timer(void *instance, uint32_t id)
{
	struct fake *f = instance;
	uint64_t n = (uint64_t)f->host->option_int(f->host, "rate") / 10;
	uint64_t now = f->host->now_ns(f->host);

	(void)id;
	if (fake_profile_emit(f->host, f->n, n, now - WINDOW_NS, now) == 0)
		f->n += n;
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SOURCE,
	.name = "fake-source",
	.summary = "Made-up samples at a steady rate",
	.emits = HEARTH_PROFILE_SCHEMA,
	FAKE_OPTIONS(options),
	.create = fake_create,
	.start = start,
	.on_timer = on_timer,
	.update = start,
	.destroy = free,
};

FAKE_PLUGIN("fake-source");
