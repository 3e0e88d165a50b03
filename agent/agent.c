/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wiring only: the parts of an agent put together, its first pipeline started, its end brought
 * about in order. How it changes while it runs is in reload.c; start is a reload from nothing.
 */
#include "agent.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "agent_internal.h"
#include "cli/exit.h"
#include "ctl/notify.h"
#include "ctl/server.h"
#include "loop/signal.h"
#include "plugin/crash.h"
#include "plugin/kv.h"
#include "run/run.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/log.h"
#include "util/str.h"

enum agent_state agent_state(const struct agent *a)
{
	return a->state == AGENT_RUNNING && core_is_off(a->core) ? AGENT_OFF : a->state;
}

struct core *agent_core(const struct agent *a)
{
	return a->core;
}

struct pipeline *agent_pipeline(const struct agent *a)
{
	return a->pipeline;
}

const struct config_sources *agent_sources(const struct agent *a)
{
	return a->sources;
}

uint64_t agent_start_ns(const struct agent *a)
{
	return a->start_ns;
}

struct run **agent_runs(const struct agent *a, size_t *ret_n)
{
	*ret_n = a->n_runs;
	return (struct run **)a->runs;
}

unsigned int agent_next_run_number(struct agent *a)
{
	return ++a->run_number;
}

/* ---- stop ---- */

/* With runs left, the last one of them comes by here again. */
static void on_stopped(void *ctx, int r, const char *why)
{
	const struct agent *a = ctx;

	(void)r;
	(void)why;
	if (a->n_runs == 0)
		loop_quit(core_loop(a->core));
}

static bool is_all_finished(const struct agent *a)
{
	return a->n_runs == 0 && pipeline_is_finished(a->pipeline);
}

static void stop_now(struct agent *a)
{
	(void)loop_timer_arm(a->deadline, 0, 0);
	for (size_t i = a->n_runs; i-- > 0;)
		run_finish(a->runs[i], "signal");
	pipeline_stop(a->pipeline, clock_monotonic_ns() + NS_PER_S, on_stopped, a);
}

static void stop_if_finished(struct agent *a)
{
	if (a->state == AGENT_STOPPING && is_all_finished(a))
		stop_now(a);
}

static void on_deadline(void *ctx)
{
	struct agent *a = ctx;

	log_warning("not every plugin has finished within %.0f s; stopping all the same",
		    (double)core_drain_ns(a->core) / (double)NS_PER_S);
	stop_now(a);
}

static void begin_stop(struct agent *a)
{
	a->state = AGENT_STOPPING;
	notify_stopping(a->notify);
	log_info("stopping: sources end, outputs are completed");
	for (size_t i = a->n_runs; i-- > 0;)
		run_finish(a->runs[i], "signal");
	if (pipeline_is_changing(a->pipeline))
		return stop_now(a);
	(void)loop_timer_arm(a->deadline, core_drain_ns(a->core), 0);
	pipeline_finish(a->pipeline);
	stop_if_finished(a);
}

static void on_signal(void *ctx, const struct signalfd_siginfo *info)
{
	struct agent *a = ctx;

	if (info->ssi_signo == SIGHUP) {
		(void)log_reopen();
		agent_reload(a, NULL, NULL);
	} else if (a->state == AGENT_STOPPING) {
		log_warning("second signal: stopping at once");
		stop_now(a);
	} else {
		begin_stop(a);
	}
}

/* ---- runs, kill switch, status ---- */

int agent_add_run(struct agent *a, struct run *r)
{
	int e = a->n_runs < MAX_RUNS ? core_watch(a->core, run_pipeline_mutable(r)) : -ENOSPC;

	if (e == 0)
		a->runs[a->n_runs++] = r;
	return e;
}

void agent_remove_run(struct agent *a, struct run *r)
{
	core_forget(a->core, run_pipeline_mutable(r));
	for (size_t i = 0; i < a->n_runs; i++) {
		if (a->runs[i] != r)
			continue;
		a->runs[i] = a->runs[--a->n_runs];
		break;
	}
	stop_if_finished(a);
}

static void on_off(void *ctx, bool is_off)
{
	struct agent *a = ctx;

	if (is_off)
		log_notice("%s exists: all sampling stops until it is removed", KILL_SWITCH_PATH);
	else
		log_notice("%s is gone: sampling again", KILL_SWITCH_PATH);
	for (size_t i = a->n_runs; is_off && i-- > 0;)
		run_finish(a->runs[i], "kill-switch");
	agent_reload(a, NULL, NULL);
}

static void on_change(void *ctx, struct instance *i, enum instance_state state, const char *why)
{
	struct agent *a = ctx;

	if (state == INSTANCE_FAILED)
		log_write(HEARTH_LOG_ERROR, instance_name(i),
			  "failed and is stopped: %s. The others go on; a reload starts it again", why);
	stop_if_finished(a);
}

static void answer_status(void *ctx, const json_t *request, struct server_reply *reply)
{
	(void)request;
	server_reply(reply, agent_status_json(ctx));
}

static void answer_reload(void *ctx, const char *error)
{
	if (error)
		server_reply_error(ctx, EINVAL, "%s", error);
	else
		server_reply(ctx, json_pack("{s:b}", "ok", 1));
}

static void take_reload(void *ctx, const json_t *request, struct server_reply *reply)
{
	(void)request;
	agent_reload(ctx, answer_reload, reply);
}

static const struct server_handler handlers[] = {
	{ "status", false, answer_status },
	{ "reload", true, take_reload },
};

static void on_watchdog(void *ctx)
{
	const struct agent *a = ctx;

	notify_watchdog(a->notify);
}

/* ---- start ---- */

static int listen_for_status(struct agent *a, const struct config *config)
{
	_cleanup_free_ char *path = str_format("%s/status.sock", config->runtime_dir);
	int r;

	if (!path)
		return -ENOMEM;
	r = dir_make(config->runtime_dir, 0755);
	if (r == 0)
		r = server_new(core_loop(a->core), path, handlers, ARRAY_SIZE(handlers), a, &a->server);
	if (r == -EADDRINUSE)
		log_error("another agent runs already: it answers at %s. Stop it, or give this one "
			  "another runtime_dir", path);
	else if (r < 0)
		log_error("cannot make the status socket %s: %s; make its folder writable or set "
			  "runtime_dir", path, strerror(-r));
	return r;
}

static int make_parts(struct agent *a, const struct config *config)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, 0 };
	struct core_options core = { .config = config, .agent = a, .on_off = on_off, .ctx = a };
	struct pipeline_options p = { .run = "", .agent = a, .on_change = on_change, .ctx = a };
	int r = core_new(&core, &a->core);

	if (r < 0)
		return r;
	p.loop = core_loop(a->core);
	p.main = core_main(a->core);
	p.labels = core_labels(a->core, &p.n_labels);
	p.state_dir = core_state_dir(a->core);
	p.helpers = core_helpers(a->core);
	p.service = core_service;
	p.service_ctx = a->core;
	p.drain_ns = core_drain_ns(a->core);
	r = pipeline_new(&p, &a->pipeline);
	if (r == 0)
		r = core_watch(a->core, a->pipeline);
	if (r == 0)
		r = signal_watch(p.loop, signals, on_signal, a);
	if (r == 0)
		r = loop_timer_new(p.loop, on_deadline, a, &a->deadline);
	if (r == 0)
		r = loop_timer_new(p.loop, on_watchdog, a, &a->watchdog);
	if (r == 0 && notify_watchdog_interval_ns(a->notify) > 0)
		r = loop_timer_arm(a->watchdog, notify_watchdog_interval_ns(a->notify),
				   notify_watchdog_interval_ns(a->notify));
	return r < 0 ? r : listen_for_status(a, config);
}

static void on_started(void *ctx, int r, const char *why)
{
	struct agent *a = ctx;

	if (r == -ECANCELED || a->state == AGENT_STOPPING)
		return;
	if (r < 0) {
		log_error("cannot start: %s", why);
		a->status = r == -EPERM || r == -EACCES ? EXIT_PERMISSION : EXIT_FAILED;
		a->state = AGENT_STOPPING;
		return stop_now(a);
	}
	a->state = AGENT_RUNNING;
	log_info("started: %zu plugins active", pipeline_blueprint(a->pipeline)->n);
	notify_status(a->notify, "%zu plugins active", pipeline_blueprint(a->pipeline)->n);
	notify_ready(a->notify);
	if (a->next) {
		a->waiting = TAKE_PTR(a->next);
		agent_apply(a);
	}
}

static int start(struct agent *a)
{
	_cleanup_free_ char *why = NULL;
	struct blueprint *b;
	int r = agent_make_blueprint(a, &b, &why);

	if (r < 0) {
		log_error("%s", why ? why : strerror(-r));
		return r == -EINVAL ? EXIT_CONFIG : EXIT_FAILED;
	}
	if (core_is_off(a->core))
		log_notice("%s exists: nothing is sampled until it is removed", KILL_SWITCH_PATH);
	r = pipeline_apply(a->pipeline, b, on_started, a);
	if (r < 0)
		return log_error_errno(r, "cannot start: %m") ? EXIT_FAILED : 0;
	r = loop_run(core_loop(a->core));
	if (r < 0)
		return log_error_errno(r, "the main loop failed: %m") ? EXIT_FAILED : 0;
	return a->status;
}

static void agent_free(struct agent *a)
{
	server_free(a->server);
	loop_timer_free(a->deadline);
	loop_timer_free(a->watchdog);
	if (a->pipeline)
		core_forget(a->core, a->pipeline);
	pipeline_free(a->pipeline);
	notify_free(a->notify);
	core_free(a->core);
	agent_answer_waiters(a->waiting, "the agent is stopping");
	agent_answer_waiters(a->next, "the agent is stopping");
	free(a->overlay);
	free(a->last_error);
}

static int load_first(const struct agent *a, struct config **ret)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	_cleanup_free_ char *why = NULL;
	int r = config_load(a->sources, &errors, ret);

	if (r == 0)
		return 0;
	why = config_errors_text(&errors, r);
	log_error("%s", why ? why : strerror(-r));
	return r == -EINVAL ? EXIT_CONFIG : EXIT_FAILED;
}

int agent_main(const struct agent_options *options)
{
	struct agent a = { .sources = options->sources, .state = AGENT_STARTING };
	_cleanup_(config_freep) struct config *config = NULL;
	int status = load_first(&a, &config);
	int r;

	if (status != 0)
		return status;
	a.start_ns = clock_monotonic_ns();
	r = log_open((enum log_target)config->log_target, config->log_file);
	if (r < 0)
		log_error_errno(r, "cannot log to %s: %m; logging to stderr",
				config->log_file ? config->log_file : "the journal");
	log_set_level(config->log_level);
	r = notify_new(&a.notify);
	if (r < 0)
		log_warning("NOTIFY_SOCKET is neither a path nor an @name; the service manager is not told");
	crash_set_log_fd(log_file_fd());
	r = crash_init();
	if (r == 0)
		r = signal_block_all();
	if (r == 0)
		r = make_parts(&a, config);
	if (r < 0)
		log_error_errno(r, "cannot start: %m");
	else
		(void)kv_sweep(core_state_dir(a.core)); /* only tidies; the next start tries again */
	status = r < 0 ? EXIT_FAILED : start(&a);
	if (a.core && core_has_stuck(a.core)) {
		server_free(a.server);
		log_warning("a stuck plugin is left behind; leaving without further cleaning");
		log_close();
		_exit(status);
	}
	agent_free(&a);
	return status;
}
