/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which functions have the samples, as text and JSON: once at end-of-stream under fixed names, or
 * each time `interval` has passed with the UTC time in the names, as flamegraph does.
 */
#include "hotspots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/artifact.h>
#include <hearth/profile.h>

#include "common/cleanup.h"
#include "common/say.h"
#include "outputs.h"
#include "recording.h"
#include "settings.h"

enum { TIMER_INTERVAL = 0 };

struct hotspots {
	const struct hearth_host *host;
	struct settings settings;
	struct outputs outputs;
	struct recording recording;
	bool is_finishing;
	uint64_t interval_ns; /* 0: once, at the end */
};

static const struct hearth_option options[] = {
	{ .name = "directory", .type = HEARTH_STRING, .def = ".",
	  .help = "folder to write into; made if it is not there; -: standard output" },
	{ .name = "output", .type = HEARTH_STRING, .def = "report.txt",
	  .help = "file for people; -: standard output; empty: none" },
	{ .name = "json", .type = HEARTH_STRING, .def = "report.json",
	  .help = "file for programs; -: standard output; empty: none" },
	{ .name = "overwrite", .type = HEARTH_BOOL, .def = "false",
	  .help = "replace files of the same name" },
	{ .name = "title", .type = HEARTH_STRING,
	  .help = "what the first line calls the recording; unset: the name of this host" },
	{ .name = "sort", .type = HEARTH_LIST, .def = SETTINGS_SORT_DEFAULT,
	  .help = "what rows are told apart by: comm, pid, tid, cpu, dso, symbol" },
	{ .name = "children", .type = HEARTH_BOOL, .def = "true",
	  .help = "rank by samples that have a function anywhere on the stack; false: by its own" },
	{ .name = "inline", .type = HEARTH_BOOL, .def = "false",
	  .help = "count inlined functions as functions of their own" },
	{ .name = "show_nr_samples", .type = HEARTH_BOOL, .def = "true",
	  .help = "a column with each row's own samples" },
	{ .name = "percent_limit", .type = HEARTH_PERCENT, .min = 0, .max = 1000000,
	  .help = "leave out rows with a smaller share; unset: none, in call graphs 0.5%" },
	{ .name = "limit", .type = HEARTH_INT, .def = "0", .min = 0, .max = INT32_MAX, .unit = "rows",
	  .help = "at most so many rows of an event; 0: all" },
	{ .name = "symbols", .type = HEARTH_LIST, .help = "only these functions" },
	{ .name = "events", .type = HEARTH_LIST, .help = "only these events" },
	{ .name = "callers", .type = HEARTH_BOOL, .def = "false",
	  .help = "below each function, who called it" },
	{ .name = "callees", .type = HEARTH_BOOL, .def = "false",
	  .help = "below each function, what it called" },
	{ .name = "interval", .type = HEARTH_DURATION, .min = 1000000000, .max = 86400ll * 1000000000,
	  .help = "write files each time this has passed; unset: once, at the end" },
	{ .name = "max_memory", .type = HEARTH_BYTES, .def = "256MiB", .min = 1 << 20, .max = 1ll << 36,
	  .help = "memory for rows and stacks; samples that come on top share one row" },
};

static struct hotspots *hotspots_free(struct hotspots *s)
{
	if (!s)
		return NULL;
	outputs_done(&s->outputs);
	recording_done(&s->recording);
	free(s);
	return NULL;
}
DEFINE_CLEANUP(struct hotspots *, hotspots_free)

static int32_t hotspots_create(const struct hearth_host *h, void **ret)
{
	_cleanup_(hotspots_freep) struct hotspots *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->host = h;
	s->recording.settings = &s->settings;
	if (h->option_is_set(h, "interval"))
		s->interval_ns = (uint64_t)h->option_int(h, "interval");
	r = outputs_init(&s->outputs, h);
	if (r == 0)
		r = settings_read(h, &s->settings);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(s);
	return 0;
}

static int32_t hotspots_start(void *instance)
{
	struct hotspots *s = instance;
	_cleanup_free_ char *why = NULL;
	int r;

	r = outputs_open(&s->outputs, &why);
	if (r < 0) {
		say_fail(s->host, "%s", why ? why : strerror(-r));
		return r;
	}
	if (s->interval_ns)
		s->host->set_timer(s->host, TIMER_INTERVAL, s->interval_ns, s->interval_ns);
	return 0;
}

static int32_t hotspots_consume(void *instance, const struct hearth_batch *b)
{
	struct hotspots *s = instance;
	uint64_t overflowed = recording_overflowed(&s->recording);
	uint64_t left_out = s->recording.left_out;
	int r = recording_add_batch(&s->recording, b);

	overflowed = recording_overflowed(&s->recording) - overflowed;
	if (overflowed)
		s->host->count(s->host, "stacks_truncated.memory limit", overflowed);
	if (s->recording.left_out == 1 && left_out == 0)
		say(s->host, HEARTH_LOG_WARNING, "more than %d events: those that came later are left out; "
		    "name the ones you want in events", MAX_EVENTS);
	return r;
}

/* Labels may change while an agent runs, so the host's name is looked up when it is needed. */
static void set_title(struct hotspots *s)
{
	const struct hearth_host *h = s->host;

	s->settings.title = h->option_string(h, "title");
	for (uint32_t i = 0; i < h->n_labels && !s->settings.title; i++) {
		const struct hearth_label *l = (const struct hearth_label *)(const void *)
			((const char *)h->labels + (size_t)i * h->label_stride);

		if (strcmp(l->key, "host.name") == 0)
			s->settings.title = l->value;
	}
}

static int write_all(struct hotspots *s, char **ret_why)
{
	int r;

	set_title(s);
	r = outputs_write(&s->outputs, &s->recording, ret_why);
	if (r == 0) {
		recording_done(&s->recording);
		s->recording.settings = &s->settings;
	}
	return r;
}

static void hotspots_on_timer(void *instance, uint32_t id)
{
	struct hotspots *s = instance;
	_cleanup_free_ char *why = NULL;
	int r;

	(void)id;
	if (s->recording.n_events == 0)
		return;
	r = write_all(s, &why);
	if (r < 0)
		say(s->host, HEARTH_LOG_ERROR, "%s; the next interval will hold these samples too",
		    why ? why : strerror(-r));
	(void)outputs_send(&s->outputs);
}

static void hotspots_on_writable(void *instance)
{
	struct hotspots *s = instance;

	if (outputs_send(&s->outputs) == 0 && s->is_finishing) {
		s->is_finishing = false;
		s->host->finished(s->host);
	}
}

static int32_t hotspots_finish(void *instance)
{
	struct hotspots *s = instance;
	_cleanup_free_ char *why = NULL;
	int r = 0;

	if (!s->interval_ns || s->recording.n_events)
		r = write_all(s, &why);
	if (r < 0) {
		say_fail(s->host, "%s", why ? why : strerror(-r));
		return r;
	}
	s->is_finishing = outputs_send(&s->outputs) == -EAGAIN;
	return s->is_finishing ? -EINPROGRESS : 0;
}

static void hotspots_destroy(void *instance)
{
	hotspots_free(instance);
}

const struct hearth_component hotspots_component = {
	.size = sizeof(hotspots_component),
	.kind = HEARTH_SINK,
	.name = "hotspots",
	.summary = "functions ranked by their share, as text and JSON",
	.accepts = HEARTH_PROFILE_SCHEMA,
	.emits = HEARTH_ARTIFACT_SCHEMA,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.option_stride = sizeof(options[0]),
	.create = hotspots_create,
	.start = hotspots_start,
	.consume = hotspots_consume,
	.on_timer = hotspots_on_timer,
	.on_writable = hotspots_on_writable,
	.finish = hotspots_finish,
	.destroy = hotspots_destroy,
	.diagnose_options = outdir_diagnose,
};
