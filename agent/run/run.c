/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run ends in four steps: an end condition holds, sources finish, every output is complete,
 * instances stop. The result is gathered between the last two, while there is still something to
 * ask.
 */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <hearth/artifact.h>
#include <hearth/receipt.h>

#include "route/batch.h"
#include "run/result.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/str.h"
#include "util/sys.h"

struct run {
	struct run_options options;
	char id[RUN_ID_LEN + 1];
	struct pipeline *pipeline;
	struct loop_timer *end, *drain;
	uint64_t start_ns, end_ns;
	const char *ended_by; /* NULL: still going */
	char *error;
	int start_result;
	json_t *failures, *artifacts, *receipts, *result;
	bool is_stopping;
	atomic_ullong samples;
	atomic_bool has_samples;
};

int run_id_make(char ret[static RUN_ID_LEN + 1])
{
	_cleanup_close_ int fd = sys_open("/proc/sys/kernel/random/uuid", O_RDONLY, 0);
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r;

	if (fd < 0)
		return fd;
	r = fd_read_all(fd, 64, &text, &len);
	if (r < 0)
		return r;
	if (len < RUN_ID_LEN)
		return -EIO;
	memcpy(ret, text, RUN_ID_LEN);
	ret[RUN_ID_LEN] = '\0';
	return 0;
}

static void tell_ended(void *ctx)
{
	struct run *r = ctx;

	r->options.fn(r->options.ctx, r, RUN_ENDED, r->error, r->result);
}

/* Told behind every call that is already on its way here: the listener may free the run. */
static void on_stopped(void *ctx, int result, const char *why)
{
	struct run *r = ctx;

	(void)result;
	(void)why;
	queue_call(r->options.main, tell_ended, NULL, r);
}

/* Gathers the result, then stops what is left; only once. */
static void conclude(struct run *r)
{
	struct result_facts facts = {
		.run = r->id,
		.ended_by = r->ended_by ? r->ended_by : "failure",
		.labels = r->options.labels,
		.n_labels = r->options.n_labels,
		.start_ns = r->start_ns,
		.end_ns = r->end_ns,
		.failures = r->failures,
		.artifacts = r->artifacts,
		.receipts = r->receipts,
	};

	if (r->is_stopping)
		return;
	r->is_stopping = true;
	if (!facts.start_ns)
		facts.start_ns = facts.end_ns = clock_monotonic_ns();
	r->result = result_make(r->pipeline, &facts);
	pipeline_stop(r->pipeline, clock_monotonic_ns() + r->options.drain_ns, on_stopped, r);
}

static void on_drain_over(void *ctx)
{
	conclude(ctx);
}

/* Artifacts are told by calls to this thread: those that are under way are let in first. */
static void conclude_if_finished(void *ctx)
{
	struct run *r = ctx;

	if (r->ended_by && pipeline_is_finished(r->pipeline))
		conclude(r);
}

static void conclude_soon(struct run *r)
{
	queue_call(r->options.main, conclude_if_finished, NULL, r);
}

void run_finish(struct run *r, const char *why)
{
	if (r->ended_by || !r->start_ns) {
		if (!r->ended_by)
			r->ended_by = why;
		r->end_ns = r->end_ns ? r->end_ns : clock_monotonic_ns();
		conclude(r); /* asked again, or before anything ran: no more patience */
		return;
	}
	r->ended_by = why;
	r->end_ns = clock_monotonic_ns();
	(void)loop_timer_arm(r->end, 0, 0);
	(void)loop_timer_arm(r->drain, r->options.drain_ns, 0);
	pipeline_finish(r->pipeline);
	conclude_soon(r);
}

static void fail(struct run *r, const char *who, const char *words)
{
	_cleanup_free_ char *why = str_format("%s", words);

	if (!why)
		return;
	str_sanitize_lines(why); /* a plugin's words go into JSON */
	if (who)
		json_object_set_new(r->failures, who, json_string(why));
	if (!r->error)
		r->error = who ? str_format("plugin \"%s\": %s", who, why) : strdup(why);
}

/* Nothing will come any more, or nobody is left to take it. */
static bool is_pointless(const struct run *r)
{
	return pipeline_has_no_source(r->pipeline) || pipeline_has_lost_sinks(r->pipeline);
}

/* The sources failed before they gave anything: sinks would complete files of nothing. */
static bool is_fruitless(const struct run *r)
{
	return r->error && (r->options.end & HEARTH_END_SOURCES) && r->samples == 0 &&
	       pipeline_has_no_source(r->pipeline);
}

static void end_if_pointless(struct run *r, const char *why)
{
	if (!is_pointless(r))
		return;
	if (!is_fruitless(r))
		return run_finish(r, why);
	r->ended_by = why;
	r->end_ns = clock_monotonic_ns();
	conclude(r);
}

static void on_change(void *ctx, struct instance *i, enum instance_state state, const char *why)
{
	struct run *r = ctx;

	if (r->is_stopping)
		return;
	if (state != INSTANCE_FINISHED)
		fail(r, instance_name(i), why);
	if (!r->start_ns)
		return;
	if (!r->ended_by)
		end_if_pointless(r, state == INSTANCE_FINISHED ? "sources" : "failure");
	if (r->ended_by)
		conclude_soon(r);
}

struct note {
	struct run *run;
	struct batch *batch;
};

static void note_free(void *ctx)
{
	struct note *n = ctx;

	batch_unref(n->batch);
	free(n);
}

static void take_note(void *ctx)
{
	struct note *n = ctx;
	const struct hearth_batch *b = batch_public(n->batch);
	bool is_artifact = str_equal(b->schema, HEARTH_ARTIFACT_SCHEMA);
	json_t *o = is_artifact ? result_artifact(b) : result_receipt(b);

	if (o)
		json_array_append_new(is_artifact ? n->run->artifacts : n->run->receipts, o);
	note_free(n);
}

static void end_by_samples(void *ctx)
{
	struct run *r = ctx;

	if (!r->ended_by)
		run_finish(r, "samples");
}

static void on_batch(void *ctx, struct instance *i, struct batch *b)
{
	struct run *r = ctx;
	const struct hearth_batch *public = batch_public(b);
	struct note *n;

	if (instance_component(i)->c.kind == HEARTH_SOURCE) {
		uint64_t n_samples = atomic_fetch_add(&r->samples, public->n_items) + public->n_items;

		if ((r->options.end & HEARTH_END_SAMPLES) && n_samples >= r->options.samples &&
		    !atomic_exchange(&r->has_samples, true))
			queue_call(r->options.main, end_by_samples, NULL, r);
	}
	if (!str_equal(public->schema, HEARTH_ARTIFACT_SCHEMA) &&
	    !str_equal(public->schema, HEARTH_RECEIPT_SCHEMA))
		return;
	n = malloc(sizeof(*n));
	if (!n)
		return; /* the file is there; only the list of files lacks it */
	*n = (struct note){ .run = r, .batch = batch_ref(b) };
	queue_call(r->options.main, take_note, note_free, n);
}

static void on_duration(void *ctx)
{
	struct run *r = ctx;

	if (!r->ended_by)
		run_finish(r, "duration");
}

int run_new(const struct run_options *options, struct run **ret)
{
	_cleanup_(run_freep) struct run *run = calloc(1, sizeof(*run));
	struct pipeline_options p = {
		.loop = options->loop,
		.main = options->main,
		.labels = options->labels,
		.n_labels = options->n_labels,
		.state_dir = options->state_dir,
		.helpers = options->helpers,
		.agent = options->agent,
		.service = options->service,
		.service_ctx = options->service_ctx,
		.on_batch = on_batch,
		.on_change = on_change,
		.ctx = run,
		.drain_ns = options->drain_ns,
	};
	int r;

	if (!run)
		return -ENOMEM;
	run->options = *options;
	run->failures = json_object();
	run->artifacts = json_array();
	run->receipts = json_array();
	p.run = run->id;
	if (options->id)
		snprintf(run->id, sizeof(run->id), "%s", options->id);
	r = options->id ? 0 : run_id_make(run->id);
	if (r == 0)
		r = loop_timer_new(options->loop, on_duration, run, &run->end);
	if (r == 0)
		r = loop_timer_new(options->loop, on_drain_over, run, &run->drain);
	if (r == 0)
		r = pipeline_new(&p, &run->pipeline);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(run);
	return 0;
}

struct run *run_free(struct run *r)
{
	bool is_stuck;

	if (!r)
		return NULL;
	is_stuck = r->pipeline && pipeline_n_stuck(r->pipeline) > 0;
	pipeline_free(r->pipeline);
	loop_timer_free(r->end);
	loop_timer_free(r->drain);
	if (is_stuck) /* its thread may still look at us, and the process is ending */
		return NULL;
	json_decref(r->failures);
	json_decref(r->artifacts);
	json_decref(r->receipts);
	json_decref(r->result);
	free(r->error);
	free(r);
	return NULL;
}

static void on_started(void *ctx, int result, const char *why)
{
	struct run *r = ctx;

	if (result == -ECANCELED)
		return;
	if (result < 0) {
		r->start_result = result;
		fail(r, NULL, why);
		conclude(r);
		return;
	}
	r->start_ns = clock_monotonic_ns();
	if (r->options.end & HEARTH_END_DURATION)
		(void)loop_timer_arm(r->end, r->options.duration_ns, 0);
	r->options.fn(r->options.ctx, r, RUN_STARTED, NULL, NULL);
	/* What happened before the last one had started was not acted upon. */
	if (!r->ended_by)
		end_if_pointless(r, r->error ? "failure" : "sources");
}

int run_start(struct run *r, struct blueprint *b)
{
	return pipeline_apply(r->pipeline, b, on_started, r);
}

bool run_is_ending(const struct run *r)
{
	return r->ended_by != NULL;
}

int run_start_result(const struct run *r)
{
	return r->start_result;
}

const char *run_id(const struct run *r)
{
	return r->id;
}

const struct pipeline *run_pipeline(const struct run *r)
{
	return r->pipeline;
}

struct pipeline *run_pipeline_mutable(struct run *r)
{
	return r->pipeline;
}

uint64_t run_samples(const struct run *r)
{
	return r->samples;
}

uint64_t run_elapsed_ns(const struct run *r)
{
	return r->start_ns ? (r->end_ns ? r->end_ns : clock_monotonic_ns()) - r->start_ns : 0;
}
