/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configured set is a function of files, environment, command line, control overlay and kill
 * switch. SIGHUP, `hearth reload`, a controller and the switch all end in agent_apply(). One
 * change at a time; those who ask meanwhile are answered together by the next one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent_internal.h"
#include "ctl/notify.h"
#include "util/log.h"
#include "util/str.h"

void agent_reload_stats(const struct agent *a, struct agent_reload_stats *ret)
{
	*ret = a->reloads;
	ret->last_error = a->last_error;
}

static void log_warnings(const struct config_errors *errors)
{
	for (size_t i = 0; i < errors->n_warnings; i++)
		log_warning("%s", errors->warnings[i]);
}

int agent_make_blueprint(struct agent *a, struct blueprint **ret, char **ret_why)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	struct blueprint_options options = { .has_no_sources = core_is_off(a->core) };
	struct config_sources sources = *a->sources;
	struct config *config;
	int r;

	sources.overlay = a->overlay;
	r = config_load(&sources, &errors, &config);
	if (r == 0)
		r = blueprint_make(config, core_registry(a->core), &options, &errors, ret);
	if (r < 0) {
		*ret_why = config_errors_text(&errors, r);
		return r;
	}
	log_set_level((*ret)->config->log_level);
	log_warnings(&errors);
	return 0;
}

void agent_answer_waiters(struct waiter *w, const char *error)
{
	while (w) {
		struct waiter *next = w->next;

		if (w->fn)
			w->fn(w->ctx, error);
		free(w);
		w = next;
	}
}

static void conclude_reload(struct agent *a, const char *error)
{
	struct waiter *done = TAKE_PTR(a->waiting);

	free(a->last_error);
	a->last_error = error ? strdup(error) : NULL;
	if (error) {
		a->reloads.failed++;
		log_error("reload refused, everything goes on as before: %s", error);
	} else {
		a->reloads.succeeded++;
		log_info("reloaded: %zu plugins active", pipeline_blueprint(a->pipeline)->n);
	}
	a->state = AGENT_RUNNING;
	notify_ready(a->notify);
	agent_answer_waiters(done, error);
	if (a->next && a->state == AGENT_RUNNING) {
		a->waiting = TAKE_PTR(a->next);
		agent_apply(a);
	}
}

static void on_applied(void *ctx, int r, const char *why)
{
	struct agent *a = ctx;

	if (r == -ECANCELED || a->state == AGENT_STOPPING)
		return;
	conclude_reload(a, r < 0 ? why : NULL);
}

void agent_apply(struct agent *a)
{
	_cleanup_free_ char *why = NULL;
	struct blueprint *b;
	int r;

	a->state = AGENT_RELOADING;
	notify_reloading(a->notify);
	r = agent_make_blueprint(a, &b, &why);
	if (r == 0)
		r = pipeline_apply(a->pipeline, b, on_applied, a);
	if (r < 0)
		conclude_reload(a, why ? why : strerror(-r));
}

static int add_waiter(struct waiter **list, agent_reload_fn fn, void *ctx)
{
	struct waiter *w = malloc(sizeof(*w));

	if (!w)
		return -ENOMEM;
	*w = (struct waiter){ .next = *list, .fn = fn, .ctx = ctx };
	*list = w;
	return 0;
}

void agent_reload(struct agent *a, agent_reload_fn fn, void *ctx)
{
	bool is_busy = a->state == AGENT_RELOADING || a->state == AGENT_STARTING;

	if (a->state == AGENT_STOPPING) {
		if (fn)
			fn(ctx, "the agent is stopping");
		return;
	}
	if (add_waiter(is_busy ? &a->next : &a->waiting, fn, ctx) < 0) {
		if (fn)
			fn(ctx, "out of memory");
		return;
	}
	if (!is_busy)
		agent_apply(a);
}

struct overlay_change {
	struct agent *agent;
	char *old;
	agent_reload_fn fn;
	void *ctx;
};

static void on_overlay(void *ctx, const char *error)
{
	struct overlay_change *o = ctx;

	if (error) {
		free(o->agent->overlay);
		o->agent->overlay = TAKE_PTR(o->old);
	}
	o->fn(o->ctx, error);
	free(o->old);
	free(o);
}

void agent_set_overlay(struct agent *a, const char *yaml, agent_reload_fn fn, void *ctx)
{
	struct overlay_change *o = calloc(1, sizeof(*o));
	char *text = *yaml ? strdup(yaml) : NULL;

	if (!o || (*yaml && !text)) {
		free(o);
		free(text);
		return fn(ctx, "out of memory");
	}
	*o = (struct overlay_change){ .agent = a, .old = a->overlay, .fn = fn, .ctx = ctx };
	a->overlay = text;
	agent_reload(a, on_overlay, o);
}
