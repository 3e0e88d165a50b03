/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin to begin with: a source that emits one number at an interval. Rename `hello`, and put
 * what you measure into hello_on_timer(). hearth/plugin.h says what every function may do.
 */
#include <time.h>

#include <hearth/flat_builder.h>
#include <hearth/metrics.h>

struct hello {
	const struct hearth_host *host;
	uint64_t n;
};

/* name, default, help, unit, choices, min, max, type, flags, letter, reserved */
static const struct hearth_option options[] = {
	{ "interval", "10s", "time between two numbers", NULL, NULL, 1000000, INT64_MAX,
	  HEARTH_DURATION, 0, 0, 0 },
};

static int32_t hello_create(const struct hearth_host *h, void **ret_instance)
{
	struct hello *s = (struct hello *)calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->host = h;
	*ret_instance = s;
	return 0;
}

static int32_t hello_start(void *instance)
{
	struct hello *s = (struct hello *)instance;
	uint64_t interval = (uint64_t)s->host->option_int(s->host, "interval");

	return s->host->set_timer(s->host, 0, interval, interval);
}

static void hello_on_timer(void *instance, uint32_t id)
{
	struct hello *s = (struct hello *)instance;
	struct hearth_flat_builder b;
	struct hearth_metric_point point;
	struct timespec now;

	(void)id;
	memset(&point, 0, sizeof(point));
	timespec_get(&now, TIME_UTC);
	hearth_flat_init(&b);
	point.name = hearth_flat_intern_string(&b, "hello.count");
	point.unit = hearth_flat_intern_string(&b, "1");
	point.kind = HEARTH_METRIC_GAUGE;
	point.end_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	point.value = (double)++s->n;
	hearth_flat_append(&b, HEARTH_METRICS_POINTS, &point, sizeof(point));
	b.n_items = 1;
	if (hearth_flat_emit(&b, s->host, HEARTH_METRICS_SCHEMA, NULL) < 0)
		s->host->count(s->host, "points_lost", 1);
	hearth_flat_done(&b);
}

static void hello_destroy(void *instance)
{
	free(instance);
}

static const struct hearth_component component = {
	sizeof(struct hearth_component), HEARTH_SOURCE, 0,
	sizeof(options) / sizeof(options[0]), sizeof(options[0]), 0,
	"hello", "one number at an interval",
	NULL,                  /* capabilities */
	NULL,                  /* accepts */
	HEARTH_METRICS_SCHEMA, /* emits */
	options,
	hello_create, hello_start,
	NULL,                  /* consume */
	hello_on_timer,
	NULL, NULL, NULL,      /* on_fd, on_wake, on_writable */
	NULL, NULL,            /* update, on_budget */
	NULL, NULL,            /* finish, stop */
	hello_destroy,
	NULL, NULL, NULL,      /* diagnose, diagnose_file, diagnose_options */
};

static const struct hearth_component *const components[] = { &component, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	sizeof(struct hearth_plugin), 0, "hello", "0.1.0", "Apache-2.0", components, NULL,
};
