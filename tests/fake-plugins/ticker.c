/* SPDX-License-Identifier: Apache-2.0 */
/* A live source of hearth.metrics/1: one batch of one point per tick. */
#include <hearth/metrics.h>
#include <hearth/flat_builder.h>

#include "fake.h"

static const struct hearth_option options[] = {
	{ .name = "every", .type = HEARTH_DURATION, .def = "100ms", .help = "Time between batches" },
};

static int32_t start(void *instance)
{
	struct fake *f = instance;
	uint64_t every = (uint64_t)f->host->option_int(f->host, "every");

	return f->host->set_timer(f->host, 0, every, every);
}

static void on_timer(void *instance, uint32_t id)
{
	struct fake *f = instance;
	struct hearth_metric_point point = { .kind = HEARTH_METRIC_GAUGE, .value = (double)f->n++ };
	struct hearth_flat_builder b;

	(void)id;
	hearth_flat_init(&b);
	point.name = hearth_flat_intern_string(&b, "fake.ticks");
	point.unit = hearth_flat_intern_string(&b, "{tick}");
	hearth_flat_append(&b, HEARTH_METRICS_POINTS, &point, sizeof(point));
	b.n_items = 1;
	(void)hearth_flat_emit(&b, f->host, HEARTH_METRICS_SCHEMA, NULL);
	hearth_flat_done(&b);
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SOURCE,
	.name = "fake-ticker",
	.emits = HEARTH_METRICS_SCHEMA,
	FAKE_OPTIONS(options),
	.create = fake_create,
	.start = start,
	.on_timer = on_timer,
	.update = start,
	.destroy = free,
};

FAKE_PLUGIN("fake-ticker");
