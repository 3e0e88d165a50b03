/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A controller: starts the run that its options describe, may stop it early, may lay an overlay
 * on the configured pipeline, and writes down what it is told, one line per event.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <hearth/control.h>

#include "fake.h"

static const struct hearth_option options[] = {
	{ .name = "path", .type = HEARTH_STRING, .flags = HEARTH_REQUIRED, .help = "File to append to" },
	{ .name = "run", .type = HEARTH_STRING, .help = "YAML of a run" },
	{ .name = "duration", .type = HEARTH_DURATION, .def = "1s", .help = "Of the run" },
	{ .name = "stop_after", .type = HEARTH_DURATION, .help = "Ends the run early" },
	{ .name = "overlay", .type = HEARTH_STRING, .help = "YAML of a control overlay" },
};

struct controller {
	const struct hearth_host *host;
	const struct hearth_control *control;
	char run[37];
};

static void note(const struct controller *c, const char *what, const char *text)
{
	int fd = open(c->host->option_string(c->host, "path"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
		      0644);

	dprintf(fd, "%s %s\n", what, text ? text : "");
	close(fd);
}

static void on_run(void *ctx, const struct hearth_run_event *e)
{
	struct controller *c = ctx;

	note(c, e->state == HEARTH_RUN_STARTED	? "started" :
		e->state == HEARTH_RUN_FINISHED ? "finished" : "failed",
	     e->error ? e->error : e->result);
}

static void on_overlay(void *ctx, const char *error)
{
	note(ctx, "overlay", error ? error : "applied");
}

static int32_t start(void *instance)
{
	struct controller *c = instance;
	struct hearth_run_plan plan = { .size = sizeof(plan), .end = HEARTH_END_DURATION };
	const char *overlay = c->host->option_string(c->host, "overlay");
	uint64_t stop_after = (uint64_t)c->host->option_int(c->host, "stop_after");

	c->control = c->host->service(c->host, HEARTH_CONTROL_SERVICE);
	if (!c->control)
		return -ENOSYS;
	if (overlay)
		(void)c->control->overlay(c->host, overlay, on_overlay, c);
	plan.overlay = c->host->option_string(c->host, "run");
	plan.duration_ns = (uint64_t)c->host->option_int(c->host, "duration");
	if (stop_after)
		(void)c->host->set_timer(c->host, 0, stop_after, 0);
	return plan.overlay ? c->control->run_start(c->host, &plan, c->run, on_run, c) : 0;
}

static void on_timer(void *instance, uint32_t id)
{
	struct controller *c = instance;

	(void)id;
	(void)c->control->run_stop(c->host, c->run);
}

static int32_t create(const struct hearth_host *h, void **ret)
{
	struct controller *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->host = h;
	*ret = c;
	return 0;
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_CONTROLLER,
	.name = "fake-controller",
	FAKE_OPTIONS(options),
	.create = create,
	.start = start,
	.on_timer = on_timer,
	.destroy = free,
};

FAKE_PLUGIN("fake-controller");
