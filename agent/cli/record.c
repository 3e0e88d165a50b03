/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run in a process of its own, as `hearth record` makes it: no status socket, no reload, its
 * own helpers, beside an agent that may be running. Everything that can be refused is refused
 * before the first sample.
 */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/guide.h"
#include "cli/plugin_verb.h"
#include "cli/record_output.h"
#include "cli/record_print.h"
#include "cli/repetition.h"
#include "core.h"
#include "loop/signal.h"
#include "plugin/crash.h"
#include "run/command.h"
#include "run/run.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"

#define PROGRESS_NS (200 * NS_PER_MS)

struct recording {
	const struct verb_plan *plan;
	struct cli_call *call;
	struct core *core;
	struct run *run;
	struct command *command;
	struct loop_timer *progress_timer;
	struct repetition repetition;
	struct progress progress;
	struct config_sources sources;
	char **set; /* --set of the command line, and the command's pid */
	json_t *summary;
	bool is_folder_ours;
	unsigned int n_signals;
	int status;
};

static bool can_overwrite(const struct recording *rec)
{
	return rec->plan->plan.flags & HEARTH_PLAN_FORCE;
}

static int complain(const struct recording *rec, int status, const char *why)
{
	progress_end((struct progress *)&rec->progress);
	fprintf(stderr, "hearth %s: %s\n", rec->plan->verb, why);
	return status;
}

static int print_errors(const struct recording *rec, const struct config_errors *errors, int r)
{
	for (size_t i = 0; i < errors->n; i++)
		fprintf(stderr, "hearth %s: %s\n", rec->plan->verb, errors->messages[i]);
	if (errors->n == 0)
		complain(rec, 0, strerror(-r));
	return r == -EINVAL ? EXIT_CONFIG : EXIT_FAILED;
}

/* ---- while it runs ---- */

static void on_progress(void *ctx)
{
	struct recording *rec = ctx;

	progress_show(&rec->progress, run_elapsed_ns(rec->run), run_samples(rec->run));
}

static void on_signal(void *ctx, const struct signalfd_siginfo *info)
{
	struct recording *rec = ctx;
	bool has_live_command = rec->command && !command_has_exited(rec->command);

	rec->n_signals++;
	if (has_live_command)
		command_forward_signal(rec->command, info);
	/* With a command the recording ends when the command does; insisting ends it anyway. */
	if (!has_live_command || rec->n_signals > 2)
		run_finish(rec->run, "signal");
}

static void on_off(void *ctx, bool is_off)
{
	struct recording *rec = ctx;

	if (!is_off || !rec->run || run_is_ending(rec->run))
		return;
	complain(rec, 0, KILL_SWITCH_PATH " has appeared: the recording ends here");
	run_finish(rec->run, "kill-switch");
}

static void on_command_exit(void *ctx, struct command *c)
{
	struct recording *rec = ctx;

	(void)c;
	/* Behind the end of its duration the run must not be hurried: asked twice, it stops at once. */
	if (rec->run && !run_is_ending(rec->run) && (rec->plan->plan.end & HEARTH_END_COMMAND))
		run_finish(rec->run, "command");
}

static bool on_command_run(void *ctx, struct command *c, int status)
{
	struct recording *rec = ctx;
	uint64_t now_ns = clock_monotonic_ns();

	(void)c;
	repetition_note(&rec->repetition, now_ns, status);
	repetition_begin(&rec->repetition, now_ns);
	return rec->n_signals == 0 && !run_is_ending(rec->run) &&
	       repetition_goes_on(&rec->repetition, run_samples(rec->run));
}

static void show_progress(struct recording *rec)
{
	const struct hearth_run_plan *plan = &rec->plan->plan;

	if (plan->flags & HEARTH_PLAN_SCREEN)
		return;
	progress_begin(&rec->progress, plan->end & HEARTH_END_DURATION ? plan->duration_ns : 0,
		       plan->command);
	(void)loop_timer_arm(rec->progress_timer, PROGRESS_NS, PROGRESS_NS);
}

static int exit_for(int r)
{
	return r == -EPERM || r == -EACCES ? EXIT_PERMISSION : EXIT_FAILED;
}

static void on_run(void *ctx, struct run *r, enum run_state state, const char *error, json_t *result)
{
	struct recording *rec = ctx;

	if (state == RUN_STARTED) {
		show_progress(rec);
		repetition_begin(&rec->repetition, clock_monotonic_ns());
		if (rec->command)
			(void)command_release(rec->command);
		return;
	}
	progress_end(&rec->progress);
	rec->summary = json_incref(result);
	if (error)
		rec->status = complain(rec, exit_for(run_start_result(r)), error);
	loop_quit(core_loop(rec->core));
}

/* ---- before ---- */

/* Loaded twice, for the second time with the command's pid: warnings are said once. */
static int load_config(struct recording *rec, bool want_warnings, struct config **ret)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	int r = config_load(&rec->sources, &errors, ret);

	for (size_t i = 0; i < errors.n_warnings && want_warnings; i++)
		log_warning("%s", errors.warnings[i]);
	return r < 0 ? print_errors(rec, &errors, r) : 0;
}

static int make_core(struct recording *rec)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, 0 };
	struct core_options options = { .on_off = on_off, .ctx = rec };
	_cleanup_(config_freep) struct config *config = NULL;
	int status = load_config(rec, true, &config), r;

	if (status != 0)
		return status;
	/* What goes wrong is said; that all goes well is the progress line's business. */
	log_set_level(rec->call->is_verbose ? HEARTH_LOG_DEBUG : HEARTH_LOG_WARNING);
	options.config = config;
	r = core_new(&options, &rec->core);
	if (r == 0)
		r = signal_watch(core_loop(rec->core), signals, on_signal, rec);
	if (r == 0)
		r = loop_timer_new(core_loop(rec->core), on_progress, rec, &rec->progress_timer);
	if (r < 0)
		return complain(rec, EXIT_FAILED, strerror(-r));
	if (core_is_off(rec->core))
		return complain(rec, EXIT_FAILED, KILL_SWITCH_PATH " exists: sampling is switched off on "
				"this machine. Remove the file to record");
	return 0;
}

/* The command's pid becomes an option of the source: --set wins over the plan's overlay. */
static int hold_command(struct recording *rec)
{
	const struct hearth_run_plan *plan = &rec->plan->plan;
	struct command_options options = {
		.argv = (char *const *)plan->command,
		.has_stderr_only = plan->flags & HEARTH_PLAN_STDOUT,
		.again = repetition_is_wanted(&rec->repetition) ? on_command_run : NULL,
		.fn = on_command_exit,
		.ctx = rec,
	};
	_cleanup_free_ char *pid = NULL;
	int r;

	if (!plan->command)
		return 0;
	r = command_new(core_loop(rec->core), &options, &rec->command);
	if (r < 0)
		return complain(rec, EXIT_HEARTH_FAILED, "cannot start the launcher of the command");
	if (!plan->pid_option)
		return 0;
	pid = str_format("%s=%d", plan->pid_option, (int)command_pid(rec->command));
	if (!pid || strv_append(&rec->set, pid) < 0)
		return complain(rec, EXIT_HEARTH_FAILED, "out of memory");
	rec->sources.set = rec->set;
	return 0;
}

static int make_run(struct recording *rec)
{
	const struct hearth_run_plan *plan = &rec->plan->plan;
	struct core *core = rec->core;
	struct run_options options = {
		.loop = core_loop(core),
		.main = core_main(core),
		.state_dir = core_state_dir(core),
		.helpers = core_helpers(core),
		.service = core_service,
		.service_ctx = core,
		.end = plan->end,
		.duration_ns = plan->duration_ns,
		.samples = plan->samples,
		.drain_ns = core_drain_ns(core),
		.fn = on_run,
		.ctx = rec,
	};
	int r;

	options.labels = core_labels(core, &options.n_labels);
	r = run_new(&options, &rec->run);
	if (r == 0)
		r = core_watch(core, run_pipeline_mutable(rec->run));
	return r < 0 ? complain(rec, EXIT_FAILED, strerror(-r)) : 0;
}

static int start_run(struct recording *rec)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	struct blueprint_options options = {};
	struct config *config = NULL;
	struct blueprint *b;
	int status = load_config(rec, false, &config), r;

	if (status != 0)
		return status;
	r = blueprint_make(config, core_registry(rec->core), &options, &errors, &b);
	if (r < 0)
		return print_errors(rec, &errors, r);
	r = run_start(rec->run, b);
	return r < 0 ? complain(rec, EXIT_FAILED, strerror(-r)) : 0;
}

static int prepare(struct recording *rec)
{
	const struct hearth_run_plan *plan = &rec->plan->plan;
	int status = make_core(rec);

	if (status == 0 && plan->output)
		status = output_prepare(rec->plan->verb, plan->output, can_overwrite(rec),
					&rec->is_folder_ours);
	if (status == 0)
		status = hold_command(rec);
	if (status == 0)
		status = make_run(rec);
	return status == 0 ? start_run(rec) : status;
}

/* ---- after ---- */

static json_t *command_json(const struct hearth_run_plan *plan)
{
	json_t *list = json_array();

	for (const char *const *arg = plan->command; arg && *arg; arg++)
		json_array_append_new(list, json_string(*arg));
	return list;
}

static void complete_summary(struct recording *rec)
{
	const struct hearth_run_plan *plan = &rec->plan->plan;

	json_object_set_new(rec->summary, "title", plan->title ? json_string(plan->title) : json_null());
	json_object_set_new(rec->summary, "command", plan->command ? command_json(plan) : json_null());
	json_object_set_new(rec->summary, "exit_status",
			    rec->command && command_has_exited(rec->command) ?
				    json_integer(command_exit_status(rec->command)) :
				    json_null());
	if (repetition_is_wanted(&rec->repetition))
		json_object_set_new(rec->summary, "runs", repetition_json(&rec->repetition));
	guide_add(rec->summary);
}

static int conclude(struct recording *rec)
{
	const char *folder = rec->plan->plan.output;
	int status = 0;

	if (!rec->summary)
		return rec->status ? rec->status : EXIT_FAILED;
	complete_summary(rec);
	if (folder && rec->command && command_exec_error(rec->command)) {
		output_remove(folder, rec->summary); /* of the launcher's few samples */
		return rec->status;
	}
	if (run_elapsed_ns(rec->run) == 0)
		return rec->status;
	if (folder) {
		status = output_write_summary(rec->plan->verb, folder, rec->summary, can_overwrite(rec));
		if (status == 0 && rec->status == 0)
			output_link_last(rec->plan->verb, folder);
		output_give_to_user(folder, rec->is_folder_ours, rec->summary);
		record_print(rec->plan->plan.flags & HEARTH_PLAN_STDOUT ? stderr : stdout, rec->summary,
			     status == 0 ? folder : NULL);
	} else if (rec->plan->plan.flags & HEARTH_PLAN_STDOUT) {
		record_print(stderr, rec->summary, NULL);
	}
	return rec->status ? rec->status : status;
}

/* Of `record -- CMD`: CMD's own, unless Hearth is what failed. */
static int exit_status(const struct recording *rec, int status)
{
	if (!rec->plan->plan.command)
		return status;
	if (status != 0 || !rec->command)
		return EXIT_HEARTH_FAILED;
	return command_has_exited(rec->command) ? command_exit_status(rec->command) : EXIT_OK;
}

static void release(struct recording *rec)
{
	command_free(rec->command);
	loop_timer_free(rec->progress_timer);
	if (rec->run)
		core_forget(rec->core, run_pipeline_mutable(rec->run));
	run_free(rec->run);
	core_free(rec->core);
	json_decref(rec->summary);
	strv_free(rec->set);
}

int record_run(const struct verb_plan *plan, struct cli_call *call)
{
	struct recording rec = { .plan = plan, .call = call, .sources = call->sources };
	int status, r;

	rec.repetition.want_runs = plan->plan.repeat;
	rec.repetition.want_samples = plan->plan.min_samples;
	rec.sources.overlay = plan->plan.overlay;
	rec.sources.is_run_overlay = rec.sources.has_no_files = true;
	rec.set = call->sources.set ? strv_copy(call->sources.set) : NULL;
	if (signal_block_all() < 0 || crash_init() < 0)
		return complain(&rec, EXIT_FAILED, "cannot set up signals");
	status = prepare(&rec);
	if (status == 0) {
		r = loop_run(core_loop(rec.core));
		status = r < 0 ? complain(&rec, EXIT_FAILED, strerror(-r)) : conclude(&rec);
	}
	status = exit_status(&rec, status);
	if (status != 0 && rec.is_folder_ours)
		(void)rmdir(plan->plan.output); /* unless something is in it */
	if (rec.core && core_has_stuck(rec.core))
		_exit(status);
	release(&rec);
	return status;
}
