/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A controller asks on its own thread; runs and reloads belong to the main thread. So every call
 * copies what it was given into a request, posts it to the main thread, and events travel back
 * through the asker's mailbox. run_start() answers with the id at once; whether the overlay is any good
 * comes as an event.
 */
#include "control.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "agent.h"
#include "run/run.h"
#include "util/log.h"
#include "util/str.h"

struct start {
	struct agent *agent;
	struct queue *asker; /* its mailbox: it may be gone before the answer comes */
	struct run *run;
	char id[RUN_ID_LEN + 1];
	char *overlay;
	struct hearth_label *labels;
	size_t n_labels;
	uint32_t end;
	uint64_t duration_ns, samples;
	hearth_run_fn fn;
	void *ctx;
};

static void labels_free(struct hearth_label *labels, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free((char *)labels[i].key);
		free((char *)labels[i].value);
	}
	free(labels);
}

static void start_free(void *ctx)
{
	struct start *s = ctx;

	queue_unref(s->asker);
	labels_free(s->labels, s->n_labels);
	free(s->overlay);
	free(s);
}

/* ---- events back to the asker ---- */

struct event {
	hearth_run_fn fn;
	void *ctx;
	struct hearth_run_event public;
	char *run, *error, *result;
};

static void event_free(void *ctx)
{
	struct event *e = ctx;

	free(e->run);
	free(e->error);
	free(e->result);
	free(e);
}

static void tell(void *ctx)
{
	struct event *e = ctx;

	e->fn(e->ctx, &e->public);
	event_free(e);
}

static void send_event(const struct start *s, uint32_t state, const char *error, json_t *result)
{
	struct event *e = calloc(1, sizeof(*e));

	if (!e) {
		log_error("out of memory: a controller is not told of its run %s", s->id);
		return;
	}
	e->fn = s->fn;
	e->ctx = s->ctx;
	e->run = strdup(s->id);
	e->error = error ? strdup(error) : NULL;
	e->result = result ? json_dumps(result, JSON_COMPACT) : NULL;
	e->public = (struct hearth_run_event){
		.size = sizeof(e->public),
		.state = state,
		.run = e->run,
		.error = e->error,
		.result = e->result,
	};
	queue_call(s->asker, tell, event_free, e);
}

/* ---- on the main thread ---- */

static void on_run(void *ctx, struct run *r, enum run_state state, const char *error, json_t *result)
{
	struct start *s = ctx;

	if (state == RUN_STARTED) {
		send_event(s, HEARTH_RUN_STARTED, NULL, NULL);
		return;
	}
	if (error)
		log_warning("run %s: %s", s->id, error);
	send_event(s, error ? HEARTH_RUN_FAILED : HEARTH_RUN_FINISHED, error, result);
	agent_remove_run(s->agent, r);
	run_free(r);
	start_free(s);
}

static int make_blueprint(const struct start *s, struct blueprint **ret, char **ret_why)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	struct config_sources sources = *agent_sources(s->agent);
	struct core *core = agent_core(s->agent);
	struct blueprint_options options = {
		.run = agent_next_run_number(s->agent),
		.is_overlay_only = true,
	};
	struct config *config;
	int r;

	sources.overlay = s->overlay;
	sources.is_run_overlay = true;
	r = config_load(&sources, &errors, &config);
	if (r == 0)
		r = blueprint_make(config, core_registry(core), &options, &errors, ret);
	if (r < 0)
		*ret_why = config_errors_text(&errors, r);
	return r;
}

static int make_run(struct start *s)
{
	struct core *core = agent_core(s->agent);
	struct run_options options = {
		.loop = core_loop(core),
		.main = core_main(core),
		.id = s->id,
		.labels = s->labels,
		.n_labels = s->n_labels,
		.state_dir = core_state_dir(core),
		.helpers = core_helpers(core),
		.agent = s->agent,
		.service = core_service,
		.service_ctx = core,
		.end = s->end,
		.duration_ns = s->duration_ns,
		.samples = s->samples,
		.drain_ns = core_drain_ns(core),
		.fn = on_run,
		.ctx = s,
	};

	return run_new(&options, &s->run);
}

static void start_on_main(void *ctx)
{
	struct start *s = ctx;
	_cleanup_free_ char *why = NULL;
	struct blueprint *b = NULL;
	int r = -EPERM;

	if (core_is_off(agent_core(s->agent)))
		why = strdup(KILL_SWITCH_PATH " exists: sampling is switched off on this host");
	else
		r = make_blueprint(s, &b, &why);
	if (r == 0)
		r = make_run(s);
	if (r == 0)
		r = agent_add_run(s->agent, s->run);
	if (r == 0) {
		r = run_start(s->run, TAKE_PTR(b));
		if (r == 0)
			return;
		agent_remove_run(s->agent, s->run);
	}
	send_event(s, HEARTH_RUN_FAILED, why ? why : strerror(-r), NULL);
	blueprint_free(b);
	run_free(s->run);
	start_free(s);
}

struct stop {
	struct agent *agent;
	char id[RUN_ID_LEN + 1];
};

static void stop_on_main(void *ctx)
{
	struct stop *s = ctx;
	size_t n;
	struct run **runs = agent_runs(s->agent, &n);

	for (size_t i = n; i-- > 0;)
		if (str_equal(run_id(runs[i]), s->id))
			run_finish(runs[i], "controller");
	free(s);
}

/* ---- on the asker's thread ---- */

/* The agent's labels, then the run's own. */
static int copy_labels(struct start *s, const struct hearth_host *h,
		       const struct hearth_run_plan *plan)
{
	size_t n = h->n_labels + plan->n_labels;

	s->labels = calloc(n + 1, sizeof(*s->labels));
	for (size_t i = 0; s->labels && i < n; i++) {
		const char *base = i < h->n_labels ? (const char *)h->labels + i * h->label_stride :
			(const char *)plan->labels + (i - h->n_labels) * plan->label_stride;
		struct hearth_label l;

		memcpy(&l, base, sizeof(l));
		s->labels[i] = (struct hearth_label){ strdup(l.key), strdup(l.value) };
		s->n_labels++;
		if (!s->labels[i].key || !s->labels[i].value)
			return -ENOMEM;
	}
	return s->labels ? 0 : -ENOMEM;
}

static int32_t control_run_start(const struct hearth_host *h, const struct hearth_run_plan *plan,
				 char ret_run[37], hearth_run_fn fn, void *ctx)
{
	const struct instance_env *env = instance_env(instance_from_host(h));
	struct hearth_run_plan ours;
	struct start *s;
	uint32_t unused;
	int r = descriptor_adopt(&ours, sizeof(ours), plan, &unused);

	if (r < 0 || ours.command || !ours.overlay || !fn)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->agent = env->agent;
	s->asker = queue_ref(instance_inbox(instance_from_host(h)));
	s->end = ours.end;
	s->duration_ns = ours.duration_ns;
	s->samples = ours.samples;
	s->fn = fn;
	s->ctx = ctx;
	s->overlay = strdup(ours.overlay);
	r = s->overlay ? copy_labels(s, h, &ours) : -ENOMEM;
	if (r == 0)
		r = run_id_make(s->id);
	if (r < 0) {
		start_free(s);
		return r;
	}
	memcpy(ret_run, s->id, sizeof(s->id));
	queue_call(env->main, start_on_main, start_free, s);
	return 0;
}

static int32_t control_run_stop(const struct hearth_host *h, const char *run)
{
	const struct instance_env *env = instance_env(instance_from_host(h));
	struct stop *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->agent = env->agent;
	snprintf(s->id, sizeof(s->id), "%s", run);
	queue_call(env->main, stop_on_main, free, s);
	return 0;
}

struct overlay {
	struct agent *agent;
	struct queue *asker; /* its mailbox: it may be gone before the answer comes */
	hearth_overlay_fn fn;
	void *ctx;
	char *yaml, *error;
};

static void overlay_free(void *ctx)
{
	struct overlay *o = ctx;

	queue_unref(o->asker);
	free(o->yaml);
	free(o->error);
	free(o);
}

static void tell_overlay(void *ctx)
{
	struct overlay *o = ctx;

	o->fn(o->ctx, o->error);
	overlay_free(o);
}

static void on_overlay(void *ctx, const char *error)
{
	struct overlay *o = ctx;

	o->error = error ? strdup(error) : NULL;
	queue_call(o->asker, tell_overlay, overlay_free, o);
}

static void overlay_on_main(void *ctx)
{
	struct overlay *o = ctx;

	agent_set_overlay(o->agent, o->yaml, on_overlay, o);
}

static int32_t control_overlay(const struct hearth_host *h, const char *yaml, hearth_overlay_fn fn,
			       void *ctx)
{
	const struct instance_env *env = instance_env(instance_from_host(h));
	struct overlay *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	*o = (struct overlay){ .agent = env->agent, .fn = fn, .ctx = ctx, .yaml = strdup(yaml) };
	o->asker = queue_ref(instance_inbox(instance_from_host(h)));
	if (!o->yaml) {
		overlay_free(o);
		return -ENOMEM;
	}
	queue_call(env->main, overlay_on_main, overlay_free, o);
	return 0;
}

const struct hearth_control service_control = {
	.size = sizeof(struct hearth_control),
	.run_start = control_run_start,
	.run_stop = control_run_stop,
	.overlay = control_overlay,
};
