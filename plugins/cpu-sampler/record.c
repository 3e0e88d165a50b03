/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hearth record` is one run with a source, the symbolizer and a flame graph. The verb only
 * says so; the host does the rest, also for a source that nobody here has heard of.
 */
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "overlay.h"
#include "record_names.h"
#include "record_source.h"

static const struct hearth_option options[] = {
	{ .name = "frequency", .type = HEARTH_STRING, .letter = 'F', .def = RECORD_FREQUENCY,
	  .unit = "Hz", .help = "samples per second and CPU; max: as many as the kernel allows" },
	{ .name = "duration", .type = HEARTH_DURATION, .letter = 'd', .min = 1000000,
	  .max = INT64_MAX, .help = "how long to record; until Ctrl-C, or the command's end, when not given" },
	{ .name = "pids", .type = HEARTH_LIST, .letter = 'p', .flags = HEARTH_REPEAT,
	  .help = "processes to record, with their children; all when not given" },
	{ .name = "cgroup", .type = HEARTH_STRING, .flags = HEARTH_REPEAT,
	  .help = "a cgroup to record, with those below it: folder, or name as in /proc/PID/cgroup" },
	{ .name = "all_cpus", .type = HEARTH_BOOL, .letter = 'a', .def = "false",
	  .help = "the whole machine, also while a command runs" },
	{ .name = "kernel_only", .type = HEARTH_BOOL, .def = "false",
	  .help = "only samples of the kernel at work, with the kernel's part of the stack" },
	{ .name = "user_only", .type = HEARTH_BOOL, .def = "false",
	  .help = "only samples of user code, time in the kernel left out" },
	{ .name = "repeat", .type = HEARTH_INT, .letter = 'r', .def = "1", .unit = "times", .min = 1,
	  .max = 1000, .help = "run the command again and merge; a run that fails is the last" },
	{ .name = "min_samples", .type = HEARTH_INT, .min = 1, .max = 1000000000,
	  .help = "run the command again until there are as many samples, 1000 times at most" },
	{ .name = "output", .type = HEARTH_STRING, .letter = 'o',
	  .help = "folder to write to, hearth-<command or host>-<time> here when not given; -: only "
		  "folded stacks, to standard output" },
	{ .name = "force", .type = HEARTH_BOOL, .def = "false",
	  .help = "overwrite what is in the folder" },
	{ .name = "title", .type = HEARTH_STRING, .help = "title of the flame graph" },
	{ .name = "source", .type = HEARTH_STRING,
	  .help = "another source than cpu-sampler: NAME[:option=value,…]" },
	{ .name = "sink", .type = HEARTH_STRING, .flags = HEARTH_REPEAT,
	  .help = "one more sink, or options for one: NAME[:option=value,…]" },
	{ .name = "window", .type = HEARTH_DURATION, .def = "5s", .min = 100000000,
	  .max = 3600000000000, .flags = HEARTH_HIDDEN, .help = "length of a batch" },
};

struct record_plan {
	char *overlay, *output, *title; /* output NULL: standard output */
	int is_stdout_taken;            /* by a sink */
};

static void plan_free(void *ctx)
{
	struct record_plan *p = ctx;

	free(p->overlay);
	free(p->output);
	free(p->title);
	free(p);
}

static void plan_freep(struct record_plan **p)
{
	if (*p)
		plan_free(*p);
}

/* ---- overlay ---- */

static int add_flamegraph(const struct hearth_verb_call *c, struct overlay *o,
			  const struct record_plan *p)
{
	const char *folded = "folded";
	int r = overlay_add(o, "symbolizer");

	if (r == 0)
		r = overlay_set(o, "flamegraph", "directory", p->output ? p->output : "-");
	if (r == 0 && !p->output)
		r = overlay_set_list(o, "flamegraph", "formats", &folded, 1);
	if (r == 0 && p->title)
		r = overlay_set(o, "flamegraph", "title", p->title);
	if (r == 0 && c->option_int(c, "force"))
		r = overlay_set(o, "flamegraph", "overwrite", "true");
	return r;
}

/* What stands beside the flame graph; a build that lacks a library has no plugin for some of it. */
static const struct record_file {
	const char *plugin, *name;
} files[] = {
	{ "perfdata-writer", "perf.data" },
	{ "pprof-writer", "profile.pb.gz" },
	{ "hotspots", NULL }, /* report.txt and report.json */
};

/* Whoever says where or in what pieces it goes gets the plugin's own names there. */
static int is_series(const struct overlay *o, const char *plugin)
{
	static const char *const keys[] = { "directory", "mode", "rotate", "rotate_size" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (overlay_is_set(o, plugin, keys[i]))
			return 1;
	return 0;
}

/* What --sink says of it comes first. */
static int add_file(const struct hearth_verb_call *c, struct overlay *o, const struct record_file *f,
		    const char *folder)
{
	int is_own = !is_series(o, f->plugin);
	int r = overlay_fill(o, f->plugin, "optional", "true");

	if (r == 0 && f->name && is_own)
		r = overlay_fill(o, f->plugin, "name", f->name);
	if (r == 0)
		r = overlay_fill(o, f->plugin, "directory", folder);
	if (r == 0 && is_own && c->option_int(c, "force"))
		r = overlay_fill(o, f->plugin, "overwrite", "true");
	return r;
}

static int add_files(const struct hearth_verb_call *c, struct overlay *o,
		     const struct record_plan *p)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && p->output && r == 0; i++)
		r = add_file(c, o, &files[i], p->output);
	return r;
}

static int add_sinks(const struct hearth_verb_call *c, struct overlay *o)
{
	size_t n;
	const char *const *sinks = c->option_list(c, "sink", &n);
	const char *why = NULL;

	for (size_t i = 0; i < n; i++) {
		int r = overlay_add_word(o, sinks[i], &why);

		if (r < 0)
			return r == -EINVAL ? record_refuse_word(c, "sink", sinks[i], why) : r;
	}
	return 0;
}

/*
 * A recording ends with two windows at once, however large they are at this rate and with so many
 * CPUs: the bound that keeps an agent small would cost the first of them. The source is made first.
 */
static int widen_queues(struct overlay *o)
{
	return overlay_set_default(o, "queue", "256MiB");
}

static int make_overlay(const struct hearth_verb_call *c, struct record_plan *p)
{
	_cleanup_(overlay_done) struct overlay o = {};
	int r = record_add_source(c, &o);

	if (r == 0)
		r = add_flamegraph(c, &o, p);
	if (r == 0)
		r = add_sinks(c, &o);
	if (r == 0)
		r = add_files(c, &o, p);
	if (r == 0)
		r = widen_queues(&o);
	p->is_stdout_taken = overlay_has(&o, "output", "-");
	return r == 0 ? overlay_write(&o, &p->overlay) : r;
}

/* ---- plan ---- */

static uint32_t end_of(const struct hearth_verb_call *c)
{
	uint32_t end = 0;

	if (c->option_is_set(c, "duration"))
		end |= HEARTH_END_DURATION;
	if (c->command)
		end |= HEARTH_END_COMMAND;
	if (c->option_is_set(c, "source"))
		end |= HEARTH_END_SOURCES;
	return end;
}

static uint64_t min_samples(const struct hearth_verb_call *c)
{
	return c->option_is_set(c, "min_samples") ? (uint64_t)c->option_int(c, "min_samples") : 0;
}

static int refuse_repetition(const struct hearth_verb_call *c)
{
	const char *option = c->option_int(c, "repeat") > 1 ? "repeat" :
			     min_samples(c) ? "min_samples" : NULL;

	if (!option || c->command)
		return 0;
	return c->refuse(c, option, "runs a command again, and there is none: hearth record … -- "
			 "COMMAND");
}

static int make_names(const struct hearth_verb_call *c, struct record_plan *p)
{
	const char *output = c->option_string(c, "output"), *title = c->option_string(c, "title");
	int is_stream = output && strcmp(output, "-") == 0;

	if (output && !*output)
		return c->refuse(c, "output", "the name of a folder is missing");
	if (!is_stream)
		p->output = output ? strdup(output) : record_folder_name(c);
	p->title = title ? strdup(title) : record_title(c);
	return p->title && (p->output || is_stream) ? 0 : -ENOMEM;
}

/* A command that may run again is a child of the launcher, whose own work is not to be seen. */
static const char *pid_option(const struct hearth_verb_call *c)
{
	if (!record_is_of_command(c))
		return NULL;
	return c->option_int(c, "repeat") > 1 || min_samples(c) ? "cpu-sampler.children_of" :
								  "cpu-sampler.pids";
}

static int32_t record_plan(const struct hearth_verb_call *c, struct hearth_run_plan *ret_plan)
{
	_cleanup_(plan_freep) struct record_plan *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	if (c->n_arguments)
		return c->refuse(c, "", "a command goes behind \"--\": hearth record -- COMMAND");
	if (c->command && !c->command[0])
		return c->refuse(c, "", "\"--\" without a command");
	r = refuse_repetition(c);
	if (r == 0)
		r = make_names(c, p);
	if (r == 0)
		r = make_overlay(c, p);
	if (r < 0)
		return r;
	ret_plan->end = end_of(c);
	ret_plan->flags = (c->option_int(c, "force") ? HEARTH_PLAN_FORCE : 0) |
			  (p->output && !p->is_stdout_taken ? 0 : HEARTH_PLAN_STDOUT);
	ret_plan->overlay = p->overlay;
	ret_plan->duration_ns = ret_plan->end & HEARTH_END_DURATION ?
		(uint64_t)c->option_int(c, "duration") : 0;
	ret_plan->command = c->command;
	ret_plan->pid_option = pid_option(c);
	ret_plan->output = p->output;
	ret_plan->title = p->title;
	ret_plan->repeat = (uint64_t)c->option_int(c, "repeat");
	ret_plan->min_samples = min_samples(c);
	ret_plan->release = plan_free;
	ret_plan->ctx = TAKE_PTR(p);
	return 0;
}

const struct hearth_verb record_verb = {
	.size = sizeof(record_verb),
	.name = "record",
	.summary = "record where CPU time goes, as a flame graph",
	.arguments = "[-- COMMAND…]",
	.description =
		"Samples every CPU, or the given processes, or a command and its children, and writes into "
		"a folder: flamegraph.html, flamegraph.svg, stacks.folded, report.txt, report.json, "
		"perf.data, profile.pb.gz and summary.json. With "
		"--all-cpus, --pids or --cgroup a command only says how long.\n\n"
		"Without --duration it records until Ctrl-C or the command's end; Ctrl-C ends it early "
		"with valid output. Behind \"--\" the exit status is the command's.\n\n"
		"With \"-o -\" standard output gets the folded stacks and nothing else: what the command "
		"writes there goes to standard error. The link hearth-last beside a folder leads to the "
		"last recording there.\n\n"
		"--user-only and --kernel-only sample as perf's \":u\" and \":k\" do: only moments in which "
		"the CPU ran that side. They show that side's part of the stack.",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.option_stride = sizeof(options[0]),
	.plan = record_plan,
};
