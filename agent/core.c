/* SPDX-License-Identifier: Apache-2.0 */
/* See core.h. One timer, each second, looks at callbacks, budget and kill switch. */
#include "core.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <hearth/control.h>
#include <hearth/inspect.h>
#include <hearth/kv.h>

#include "control.h"
#include "helper/service_inspect.h"
#include "plugin/service_kv.h"
#include "stat/counter.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"

enum { MAX_PIPELINES = 64, MAX_LABELS_OF_OURS = 4 };

struct core {
	struct core_options options;
	struct loop *loop;
	struct queue *main;
	struct registry *registry;
	struct helpers *helpers;
	struct loop_timer *tick;
	struct pipeline *pipelines[MAX_PIPELINES];
	size_t n_pipelines;
	struct budget budget;
	uint64_t report_ns, stuck_ns, drain_ns;
	char *state_dir;
	struct hearth_label *labels;
	size_t n_labels;
	bool is_off, has_stuck;
};

static void wake_main(void *ctx)
{
	struct core *c = ctx;

	(void)loop_wake(c->loop);
}

static void drain_main(void *ctx)
{
	struct core *c = ctx;
	struct queue_item *item;

	while ((item = queue_pop(c->main))) {
		item->fn(item->ctx);
		queue_item_done(item);
	}
}

/* ---- watchdog ---- */

struct watch {
	struct core *core;
	struct pipeline *pipeline;
	struct instance *hanging;
	uint64_t now_ns;
};

static void watch_instance(void *ctx, struct instance *i, bool is_retiring)
{
	struct watch *w = ctx;
	struct instance_stats s;

	(void)is_retiring;
	switch (instance_watch(i, w->now_ns, w->core->report_ns, w->core->stuck_ns)) {
	case INSTANCE_HEALTHY:
		return;
	case INSTANCE_LONG:
		instance_stats(i, &s);
		log_write(HEARTH_LOG_WARNING, instance_name(i), "%s() has been running for %.0f s",
			  s.callback ? s.callback : "a callback",
			  (double)(w->now_ns - s.callback_since_ns) / (double)NS_PER_S);
		return;
	case INSTANCE_HANGS:
		w->hanging = i;
		return;
	}
}

static void abandon(struct core *c, struct pipeline *p, struct instance *i)
{
	struct instance_stats s;

	instance_stats(i, &s);
	log_write(HEARTH_LOG_ERROR, instance_name(i),
		  "%s() does not return (%.0f s): the plugin is stuck and abandoned, its input is "
		  "dropped; the others go on. Restart Hearth to get it back",
		  s.callback ? s.callback : "a callback",
		  (double)(clock_monotonic_ns() - s.callback_since_ns) / (double)NS_PER_S);
	c->has_stuck = true;
	pipeline_abandon(p, i);
}

static void watch_callbacks(struct core *c)
{
	for (size_t k = 0; k < c->n_pipelines; k++) {
		struct watch w = { c, c->pipelines[k], NULL, clock_monotonic_ns() };

		pipeline_each(c->pipelines[k], watch_instance, &w);
		if (w.hanging)
			abandon(c, w.pipeline, w.hanging); /* may end the run: look again in a second */
	}
}

/* ---- budget ---- */

static uint64_t process_cpu_ns(pid_t pid)
{
	_cleanup_close_ int fd = -1;
	char path[64], text[64] = "";

	if (pid <= 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return 0;
	return strtoull(text, NULL, 10);
}

static void add_overhead(void *ctx, struct instance *i, bool is_retiring)
{
	uint64_t *sum = ctx;

	(void)is_retiring;
	*sum += counters_value(instance_counters(i), "overhead_ns");
}

static uint64_t cpu_ns(const struct core *c)
{
	struct timespec self;
	pid_t opener = 0, inspector = 0;
	uint64_t sum;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &self);
	sum = (uint64_t)self.tv_sec * NS_PER_S + (uint64_t)self.tv_nsec;
	helpers_pids(c->helpers, &opener, &inspector);
	sum += process_cpu_ns(opener) + process_cpu_ns(inspector) +
	       helpers_ended_cpu_ns(c->helpers);
	for (size_t k = 0; k < c->n_pipelines; k++)
		pipeline_each(c->pipelines[k], add_overhead, &sum);
	return sum;
}

static void scale_source(void *ctx, struct instance *i, bool is_retiring)
{
	const struct core *c = ctx;

	if (!is_retiring && instance_component(i)->c.kind == HEARTH_SOURCE)
		instance_budget(i, c->budget.scale);
}

static void keep_budget(struct core *c)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (!budget_is_due(&c->budget, now_ns) || !budget_update(&c->budget, now_ns, cpu_ns(c)))
		return;
	log_notice("overhead was %.2f %% of one CPU, the budget is %.2f %%: sources run at %.1f %% of "
		   "their rate", c->budget.share * 100, (double)c->budget.limit_millionths / 1e4,
		   c->budget.scale / 10.0);
	for (size_t k = 0; k < c->n_pipelines; k++)
		pipeline_each(c->pipelines[k], scale_source, c);
}

/* ---- kill switch ---- */

static void look_for_kill_switch(struct core *c)
{
	bool is_off = access(KILL_SWITCH_PATH, F_OK) == 0;

	if (is_off == c->is_off)
		return;
	c->is_off = is_off;
	if (c->options.on_off)
		c->options.on_off(c->options.ctx, is_off);
}

static void on_tick(void *ctx)
{
	struct core *c = ctx;

	watch_callbacks(c);
	keep_budget(c);
	look_for_kill_switch(c);
}

/* ---- made and looked at ---- */

static int add_label(struct core *c, const char *key, const char *value)
{
	struct hearth_label *l = &c->labels[c->n_labels];

	if (!value)
		return 0;
	for (size_t i = 0; i < c->n_labels; i++)
		if (str_equal(c->labels[i].key, key))
			return 0; /* what the config says wins: it is added first */
	l->key = strdup(key);
	l->value = strdup(value);
	c->n_labels++;
	return l->key && l->value ? 0 : -ENOMEM;
}

static int make_labels(struct core *c, const struct config *config)
{
	struct utsname u;
	int r = 0;

	c->labels = calloc(config->n_labels + MAX_LABELS_OF_OURS, sizeof(*c->labels));
	if (!c->labels)
		return -ENOMEM;
	for (size_t i = 0; i < config->n_labels && r == 0; i++)
		r = add_label(c, config->labels[i].key, config->labels[i].value);
	if (r == 0)
		r = add_label(c, "service.name", config->service);
	if (r == 0)
		r = add_label(c, "service.version", config->service_version);
	if (r == 0)
		r = add_label(c, "deployment.environment.name", config->environment);
	if (r == 0 && uname(&u) == 0)
		r = add_label(c, "host.name", u.nodename);
	return r;
}

static int make_parts(struct core *c, const struct config *config)
{
	struct helper_options helpers = {
		.plugin_dirs = config->plugin_dirs,
		.cache_dir = config->cache_dir,
		.symbols_max_bytes = config->symbols_cache_bytes,
		.home = getenv("HOME"),
	};
	int r = loop_new(&c->loop);

	if (r == 0)
		r = queue_new(wake_main, c, &c->main);
	if (r == 0)
		r = registry_new(config->plugin_dirs, &c->registry);
	if (r == 0)
		r = helpers_new(c->loop, &helpers, &c->helpers);
	if (r == 0)
		r = loop_timer_new(c->loop, on_tick, c, &c->tick);
	if (r == 0)
		r = loop_timer_arm(c->tick, NS_PER_S, NS_PER_S);
	if (r == 0)
		loop_on_wake(c->loop, drain_main, c);
	return r;
}

int core_new(const struct core_options *options, struct core **ret)
{
	_cleanup_(core_freep) struct core *c = calloc(1, sizeof(*c));
	const struct config *config = options->config;
	int r;

	if (!c)
		return -ENOMEM;
	c->options = *options;
	c->options.config = NULL;
	c->report_ns = config->callback_report_ns;
	c->stuck_ns = config->callback_stuck_ns;
	c->drain_ns = config->shutdown_deadline_ns;
	c->is_off = access(KILL_SWITCH_PATH, F_OK) == 0;
	budget_init(&c->budget, (uint64_t)config->max_cpu);
	c->state_dir = strdup(config->state_dir);
	if (!c->state_dir)
		return -ENOMEM;
	r = make_labels(c, config);
	if (r == 0)
		r = make_parts(c, config);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(c);
	return 0;
}

struct core *core_free(struct core *c)
{
	if (!c)
		return NULL;
	loop_timer_free(c->tick);
	helpers_free(c->helpers);
	if (c->main)
		queue_close(c->main);
	queue_unref(c->main);
	registry_free(c->registry);
	loop_free(c->loop);
	for (size_t i = 0; i < c->n_labels; i++) {
		free((char *)c->labels[i].key);
		free((char *)c->labels[i].value);
	}
	free(c->labels);
	free(c->state_dir);
	free(c);
	return NULL;
}

struct loop *core_loop(const struct core *c)
{
	return c->loop;
}

struct queue *core_main(const struct core *c)
{
	return c->main;
}

struct registry *core_registry(const struct core *c)
{
	return c->registry;
}

struct helpers *core_helpers(const struct core *c)
{
	return c->helpers;
}

const struct budget *core_budget(const struct core *c)
{
	return &c->budget;
}

const char *core_state_dir(const struct core *c)
{
	return c->state_dir;
}

uint64_t core_drain_ns(const struct core *c)
{
	return c->drain_ns;
}

bool core_is_off(const struct core *c)
{
	return c->is_off;
}

const struct hearth_label *core_labels(const struct core *c, size_t *ret_n)
{
	*ret_n = c->n_labels;
	return c->labels;
}

int core_watch(struct core *c, struct pipeline *p)
{
	if (c->n_pipelines == MAX_PIPELINES)
		return -ENOSPC;
	c->pipelines[c->n_pipelines++] = p;
	return 0;
}

void core_forget(struct core *c, struct pipeline *p)
{
	for (size_t i = 0; i < c->n_pipelines; i++) {
		if (c->pipelines[i] != p)
			continue;
		c->pipelines[i] = c->pipelines[--c->n_pipelines];
		return;
	}
}

const void *core_service(void *ctx, const char *id)
{
	const struct core *c = ctx;

	if (str_equal(id, HEARTH_KV_SERVICE))
		return &service_kv;
	if (str_equal(id, HEARTH_INSPECT_SERVICE))
		return &service_inspect;
	if (str_equal(id, HEARTH_CONTROL_SERVICE))
		return c->options.agent ? &service_control : NULL;
	return NULL;
}

bool core_has_stuck(const struct core *c)
{
	return c->has_stuck;
}
