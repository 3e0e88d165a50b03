/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A source: reads /proc/loadavg at an interval and emits it as three points with an attribute.
 * What it shows: options, a timer, update() in place, metrics with attributes, refusing to start
 * with a sentence.
 */
#include <stdio.h>
#include <time.h>

#include <hearth/flat_builder.h>
#include <hearth/metrics.h>

struct source {
	const struct hearth_host *host;
};

static const struct hearth_option options[] = {
	{ "interval", "15s", "time between two readings", NULL, NULL, 1000000000, INT64_MAX,
	  HEARTH_DURATION, 0, 0, 0 },
};

static int32_t source_create(const struct hearth_host *h, void **ret_instance)
{
	struct source *s = (struct source *)calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->host = h;
	*ret_instance = s;
	return 0;
}

static int read_load(double ret[3])
{
	FILE *f = fopen("/proc/loadavg", "re");
	int n;

	if (!f)
		return -errno;
	n = fscanf(f, "%lf %lf %lf", &ret[0], &ret[1], &ret[2]);
	fclose(f);
	return n == 3 ? 0 : -EBADMSG;
}

/* start() and update() do the same: options are read anew, the timer is set anew. */
static int32_t source_set_timer(void *instance)
{
	struct source *s = (struct source *)instance;
	uint64_t interval = (uint64_t)s->host->option_int(s->host, "interval");

	return s->host->set_timer(s->host, 0, interval, interval);
}

static int32_t source_start(void *instance)
{
	struct source *s = (struct source *)instance;
	double load[3];
	int r = read_load(load);

	if (r < 0) {
		s->host->fail(s->host, "cannot read /proc/loadavg; is /proc mounted?");
		return r;
	}
	return source_set_timer(instance);
}

static void add_point(struct hearth_flat_builder *b, const char *span, double value, uint64_t now)
{
	struct hearth_metric_point point;
	struct hearth_metric_attribute attribute;

	memset(&point, 0, sizeof(point));
	point.name = hearth_flat_intern_string(b, "system.cpu.load_average");
	point.unit = hearth_flat_intern_string(b, "{thread}");
	point.kind = HEARTH_METRIC_GAUGE;
	point.end_ns = now;
	point.value = value;
	attribute.key = hearth_flat_intern_string(b, "over");
	attribute.value = hearth_flat_intern_string(b, span);
	point.first_attribute =
		hearth_flat_append(b, HEARTH_METRICS_ATTRIBUTES, &attribute, sizeof(attribute));
	point.n_attributes = 1;
	hearth_flat_append(b, HEARTH_METRICS_POINTS, &point, sizeof(point));
	b->n_items++;
}

static void source_on_timer(void *instance, uint32_t id)
{
	static const char *const spans[] = { "1m", "5m", "15m" };
	struct source *s = (struct source *)instance;
	struct hearth_flat_builder b;
	struct timespec now;
	double load[3];
	int i;

	(void)id;
	if (read_load(load) < 0)
		return;
	timespec_get(&now, TIME_UTC);
	hearth_flat_init(&b);
	for (i = 0; i < 3; i++)
		add_point(&b, spans[i], load[i],
			  (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
	(void)hearth_flat_emit(&b, s->host, HEARTH_METRICS_SCHEMA, NULL);
	hearth_flat_done(&b);
}

static const struct hearth_component component = {
	sizeof(struct hearth_component), HEARTH_SOURCE, 0, 1, sizeof(options[0]), 0,
	"load-average", "/proc/loadavg as metrics", NULL, NULL, HEARTH_METRICS_SCHEMA, options,
	source_create, source_start, NULL, source_on_timer, NULL, NULL, NULL, source_set_timer, NULL,
	NULL, NULL, free, NULL, NULL, NULL,
};
static const struct hearth_component *const components[] = { &component, NULL };
const struct hearth_plugin hearth_plugin_v0 = {
	sizeof(struct hearth_plugin), 0, "load-average", "1.0", "Apache-2.0", components, NULL,
};
