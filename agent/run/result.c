/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host knows nothing about profiling: what it sums up are counters whose names plugin.h
 * defines, batches and samples that routes dropped, and whatever instances reported by key. A
 * reported key with dots sets a value inside an object ("stacks.unique"); lists that several
 * instances report under one key ("advice") are joined.
 */
#include "run/result.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <hearth/artifact.h>
#include <hearth/receipt.h>

#include "run/pipeline.h"
#include "stat/counter.h"
#include "util/clock.h"
#include "util/str.h"

static void add_to(json_t *object, const char *key, uint64_t n)
{
	json_int_t old = json_integer_value(json_object_get(object, key));

	if (n > 0)
		json_object_set_new(object, key, json_integer(old + (json_int_t)n));
}

static void hex(const uint8_t *bytes, size_t n, char *ret)
{
	for (size_t i = 0; i < n; i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

json_t *result_artifact(const struct hearth_batch *b)
{
	struct hearth_artifact_row row;
	struct hearth_flat f;
	char sha256[65];

	if (hearth_artifact_open(&f, b) < 0)
		return NULL;
	row = hearth_artifact(&f);
	hex(row.sha256, sizeof(row.sha256), sha256);
	return json_pack("{s:s, s:s, s:s, s:I, s:s, s:s}", "path", hearth_flat_string(&f, row.path),
			 "media_type", hearth_flat_string(&f, row.media_type), "description",
			 hearth_flat_string(&f, row.description), "bytes", (json_int_t)row.size,
			 "sha256", sha256, "instance", b->instance);
}

static const char *receipt_state(uint32_t state)
{
	return state == HEARTH_RECEIPT_DELIVERED ? "delivered" :
	       state == HEARTH_RECEIPT_QUEUED	 ? "queued" :
						   "failed";
}

json_t *result_receipt(const struct hearth_batch *b)
{
	struct hearth_receipt_row row;
	struct hearth_flat f;
	char sha256[65];

	if (hearth_receipt_open(&f, b) < 0)
		return NULL;
	row = hearth_receipt(&f);
	hex(row.sha256, sizeof(row.sha256), sha256);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "path", hearth_flat_string(&f, row.path),
			 "url", hearth_flat_string(&f, row.url), "error",
			 hearth_flat_string(&f, row.error), "state", receipt_state(row.state),
			 "sha256", sha256, "instance", b->instance);
}

json_t *result_host(void)
{
	struct utsname u;

	if (uname(&u) < 0)
		return json_object();
	return json_pack("{s:s, s:s, s:s, s:i}", "name", u.nodename, "kernel", u.release,
			 "architecture", u.machine, "cpus", (int)sysconf(_SC_NPROCESSORS_ONLN));
}

static void put_counter(void *ctx, const char *name, uint64_t value)
{
	json_object_set_new(ctx, name, json_integer((json_int_t)value));
}

static json_t *stats_json(const struct instance_stats *s)
{
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I}, s:{s:I, s:I, s:I}}",
		"received", (json_int_t)s->received, "received_samples", (json_int_t)s->received_items,
		"sent", (json_int_t)s->sent, "queued", (json_int_t)s->queue.depth, "queued_bytes",
		(json_int_t)s->queue.bytes, "dropped", "queue full", (json_int_t)s->queue.dropped_full,
		"consumer gone", (json_int_t)s->queue.dropped_closed, "refused", (json_int_t)s->errors,
		"callbacks", "n", (json_int_t)s->callbacks, "ns", (json_int_t)s->callback_ns, "max_ns",
		(json_int_t)s->callback_max_ns);
}

json_t *result_instance(const struct instance *i)
{
	const struct component *c = instance_component(i);
	struct instance_stats s;
	json_t *counters = json_object(), *o;

	instance_stats(i, &s);
	counters_each(instance_counters(i), put_counter, counters);
	o = json_pack("{s:s, s:s, s:s, s:s, s:i, s:o, s:o}", "name", instance_name(i), "plugin",
		      c->plugin->name, "kind", component_kind_name(c->c.kind), "state",
		      instance_state_name(instance_state(i)), "thread", s.tid, "stats",
		      stats_json(&s), "counters", counters);
	if (o && s.callback)
		json_object_set_new(o, "callback",
				    json_pack("{s:s, s:f}", "name", s.callback, "seconds",
					      (double)(clock_monotonic_ns() - s.callback_since_ns) /
						      (double)NS_PER_S));
	return o;
}

/* ---- the sums over all instances ---- */

struct sums {
	json_t *root, *instances, *failures;
	json_t *lost, *truncated, *unnamed, *unnamed_leaves;
	uint64_t taken;
	/* What a processor drops is missing at every sink; of sinks the worst one counts. */
	struct drops {
		uint64_t full, stopped, refused;
	} common, worst_sink;
};

static void sum_counter(void *ctx, const char *name, uint64_t value)
{
	struct sums *s = ctx;

	if (str_equal(name, "samples_taken"))
		s->taken += value;
	else if (str_starts(name, "samples_lost."))
		add_to(s->lost, name + strlen("samples_lost."), value);
	else if (str_starts(name, "stacks_truncated."))
		add_to(s->truncated, name + strlen("stacks_truncated."), value);
	else if (str_starts(name, "frames_unnamed."))
		add_to(s->unnamed, name + strlen("frames_unnamed."), value);
	else if (str_starts(name, "samples_unnamed."))
		add_to(s->unnamed_leaves, name + strlen("samples_unnamed."), value);
}

static uint64_t drops_sum(const struct drops *d)
{
	return d->full + d->stopped + d->refused;
}

/* What still waits in front of one that has not finished will not be worked off any more. */
static struct drops drops_of(const struct instance *i)
{
	struct instance_stats s;

	instance_stats(i, &s);
	return (struct drops){
		.full = s.queue.items_full,
		.stopped = s.queue.items_closed + s.pending_items,
		.refused = s.error_items,
	};
}

static void sum_drops(struct sums *s, const struct instance *i)
{
	struct drops d = drops_of(i);

	if (instance_component(i)->c.kind == HEARTH_SINK) {
		if (drops_sum(&d) > drops_sum(&s->worst_sink))
			s->worst_sink = d;
		return;
	}
	s->common.full += d.full;
	s->common.stopped += d.stopped;
	s->common.refused += d.refused;
}

/* "a.b" sets b inside the object a, made if need be; what is there stays, lists grow. */
static void set_path(json_t *o, const char *path, json_t *value)
{
	const char *dot;

	while ((dot = strchr(path, '.'))) {
		_cleanup_free_ char *key = strndup(path, (size_t)(dot - path));
		json_t *child = key ? json_object_get(o, key) : NULL;

		if (!key)
			return;
		if (!child) {
			child = json_object();
			if (json_object_set_new(o, key, child) < 0)
				return; /* there is a plain value already, or no memory */
		}
		o = child;
		path = dot + 1;
	}
	if (json_is_array(json_object_get(o, path)) && json_is_array(value))
		json_array_extend(json_object_get(o, path), value);
	else if (json_is_object(o) && !json_object_get(o, path))
		json_object_set_new(o, path, json_deep_copy(value));
}

static void sum_instance(void *ctx, struct instance *i, bool is_retiring)
{
	struct sums *s = ctx;
	json_t *o = result_instance(i), *reports = instance_reports(i), *value;
	const char *key;

	(void)is_retiring;
	counters_each(instance_counters(i), sum_counter, s);
	sum_drops(s, i);
	json_object_foreach(reports, key, value)
		set_path(s->root, key, value);
	json_object_set_new(o, "report", reports);
	value = json_object_get(s->failures, instance_name(i));
	json_object_set(o, "failure", value ? value : json_null());
	json_array_append_new(s->instances, o);
}

static json_t *labels_json(const struct hearth_label *labels, size_t n)
{
	json_t *o = json_object();

	for (size_t i = 0; i < n; i++)
		json_object_set_new(o, labels[i].key, json_string(labels[i].value));
	return o;
}

static json_t *window_json(const struct result_facts *f)
{
	uint64_t offset = clock_realtime_ns() - clock_monotonic_ns();
	char start[21], end[21];

	clock_format_utc(f->start_ns + offset, start);
	clock_format_utc(f->end_ns + offset, end);
	return json_pack("{s:s, s:s, s:f, s:I, s:I}", "start", start, "end", end, "seconds",
			 (double)(f->end_ns - f->start_ns) / (double)NS_PER_S, "start_monotonic_ns",
			 (json_int_t)f->start_ns, "end_monotonic_ns", (json_int_t)f->end_ns);
}

static void set_samples(struct sums *s)
{
	json_int_t lost = 0;
	const char *key;
	json_t *n;

	add_to(s->lost, "queue full", s->common.full + s->worst_sink.full);
	add_to(s->lost, "plugin stopped", s->common.stopped + s->worst_sink.stopped);
	add_to(s->lost, "plugin refused the batch", s->common.refused + s->worst_sink.refused);
	json_object_foreach(s->lost, key, n)
		lost += json_integer_value(n);
	json_object_set_new(s->root, "samples",
			    json_pack("{s:I, s:I, s:O}", "taken", (json_int_t)s->taken, "delivered",
				      (json_int_t)s->taken > lost ? (json_int_t)s->taken - lost : 0,
				      "lost", s->lost));
}

json_t *result_make(const struct pipeline *p, const struct result_facts *f)
{
	struct sums s = {
		.root = json_pack("{s:s, s:{s:s}, s:o, s:s, s:s, s:o, s:o}", "schema",
				  "hearth.summary/1", "hearth", "version", HEARTH_VERSION, "host",
				  result_host(), "run", f->run, "ended_by", f->ended_by, "labels",
				  labels_json(f->labels, f->n_labels), "window", window_json(f)),
		.instances = json_array(),
		.failures = f->failures,
		.lost = json_object(),
		.truncated = json_object(),
		.unnamed = json_object(),
		.unnamed_leaves = json_object(),
	};

	if (s.root) {
		json_object_set_new(s.root, "stacks", json_pack("{s:O}", "truncated", s.truncated));
		json_object_set_new(s.root, "frames", json_pack("{s:O, s:O}", "unnamed", s.unnamed,
								  "unnamed_leaves", s.unnamed_leaves));
		pipeline_each(p, sum_instance, &s);
		set_samples(&s);
		json_object_set(s.root, "instances", s.instances);
		json_object_set(s.root, "artifacts", f->artifacts);
		json_object_set(s.root, "receipts", f->receipts);
	}
	json_decref(s.instances);
	json_decref(s.lost);
	json_decref(s.truncated);
	json_decref(s.unnamed);
	json_decref(s.unnamed_leaves);
	return s.root;
}
