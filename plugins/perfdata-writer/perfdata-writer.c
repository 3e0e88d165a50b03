/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perf.data of whatever is sampled: each batch becomes records that are on their way to the disk
 * before the next one is taken, so a file that is cut off anywhere lacks its last window at most.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/artifact.h>
#include <hearth/profile.h>

#include "common/cleanup.h"
#include "common/say.h"
#include "recorder.h"
#include "series.h"

#define NS_PER_S 1000000000ull

struct perfdata_writer {
	const struct hearth_host *host;
	char *directory, *name; /* as configured; name NULL: a series */
	struct kernel_map kernel;
	struct recorder recorder;
	struct series series;
	struct events events;    /* of the open file */
	struct series_span span; /* of what the open file holds */
	uint64_t monotonic_ns, realtime_ns; /* of the last batch, one instant */
	uint64_t rotate_ns, rotate_bytes; /* 0: never */
	uint64_t n_lost_frames;  /* counted so far */
	bool is_failing, is_finishing, is_crowded;
};

static const struct hearth_option options[] = {
	{
		.name = "directory",
		.type = HEARTH_STRING,
		.def = ".",
		.help = "folder to write to",
	},
	{
		.name = "name",
		.type = HEARTH_STRING,
		.help = "name of the one file; else <service>-<host>-<UTC start>.perf.data, one after the other",
	},
	{
		.name = "overwrite",
		.type = HEARTH_BOOL,
		.def = "false",
		.help = "replace a file of that name",
	},
	{
		.name = "aggregate",
		.type = HEARTH_CHOICE,
		.choices = "none|window",
		.def = "none",
		.help = "window: one record for all samples of a window with the same thread and stack",
	},
	{
		.name = "rotate",
		.type = HEARTH_DURATION,
		.def = "1h",
		.help = "begin another file so often; 0: never",
	},
	{
		.name = "rotate_size",
		.type = HEARTH_BYTES,
		.def = "100MiB",
		.help = "begin another file when one has grown so large; 0: never",
	},
	{
		.name = "keep",
		.type = HEARTH_INT,
		.def = "24",
		.unit = "files",
		.max = 1000000,
		.help = "remove the oldest files beyond so many; 0: none",
	},
	{
		.name = "keep_bytes",
		.type = HEARTH_BYTES,
		.def = "0",
		.help = "remove the oldest files beyond so much; 0: none",
	},
};

static const char *perfdata_writer_name(const struct hearth_host *h)
{
	return h->option_is_set(h, "name") ? h->option_string(h, "name") : NULL;
}

static void read_limits(struct perfdata_writer *w)
{
	const struct hearth_host *h = w->host;
	bool is_one = w->series.fixed_name;

	w->rotate_ns = is_one ? 0 : (uint64_t)h->option_int(h, "rotate");
	w->rotate_bytes = is_one ? 0 : (uint64_t)h->option_int(h, "rotate_size");
	w->series.keep = (uint64_t)h->option_int(h, "keep");
	w->series.keep_bytes = (uint64_t)h->option_int(h, "keep_bytes");
}

static void perfdata_writer_destroy(void *instance)
{
	struct perfdata_writer *w = instance;

	series_done(&w->series);
	recorder_done(&w->recorder);
	kernel_map_done(&w->kernel);
	free(w->directory);
	free(w->name);
	free(w);
}

static int keep_names(struct perfdata_writer *w, const char *name)
{
	w->directory = strdup(w->host->option_string(w->host, "directory"));
	w->name = name ? strdup(name) : NULL;
	if (!w->directory || (name && !w->name))
		return -ENOMEM;
	w->series.fixed_name = w->name;
	return 0;
}

static int32_t perfdata_writer_create(const struct hearth_host *h, void **ret)
{
	const char *name = perfdata_writer_name(h);
	struct perfdata_writer *w;

	if (name && (!name[0] || name[0] == '.' || strchr(name, '/')))
		return say_refuse(h, "name", "\"%s\" is no name of a file in the folder", name);
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->host = h;
	w->series = (struct series){
		.host = h, .directory = { .fd = -1 }, .file = { .fd = -1 },
		.can_overwrite = h->option_int(h, "overwrite"),
	};
	recorder_init(&w->recorder, &w->kernel);
	w->recorder.order.is_merging = strcmp(h->option_string(h, "aggregate"), "window") == 0;
	if (keep_names(w, name) < 0) {
		perfdata_writer_destroy(w);
		return -ENOMEM;
	}
	read_limits(w);
	*ret = w;
	return 0;
}

static int32_t perfdata_writer_start(void *instance)
{
	struct perfdata_writer *w = instance;
	_cleanup_free_ char *why = NULL;
	int r = series_open(&w->series, w->directory, &why);

	if (r < 0)
		say_fail(w->host, "%s", why ? why : strerror(-r));
	return r;
}

/* ---- files ---- */

static uint64_t realtime_of(const struct hearth_profile_info *info, uint64_t monotonic_ns)
{
	return info->clock_realtime_ns - info->clock_monotonic_ns + monotonic_ns;
}

static int begin_file(struct perfdata_writer *w, const struct hearth_flat *batch, char **ret_why)
{
	struct hearth_profile_info info = hearth_profile_info(batch);
	int r;

	kernel_map_done(&w->kernel); /* modules come and go */
	r = kernel_map_read(&w->kernel, "");
	if (r < 0)
		return r;
	w->events = (struct events){ .n = 0 };
	w->span.start_ns = realtime_of(&info, info.window_start_ns);
	r = series_begin(&w->series, w->span.start_ns, ret_why);
	return r < 0 ? r : recorder_begin(&w->recorder);
}

static int end_file(struct perfdata_writer *w, bool is_good, char **ret_why)
{
	_cleanup_(features_done) struct features features = { .n = 0 };
	size_t n;
	struct feature_build_id *ids = recorder_build_ids(&w->recorder, &n);
	struct feature_facts facts = {
		.events = &w->events, .build_ids = ids, .n_build_ids = n,
		.first_ns = w->recorder.first_ns, .last_ns = w->recorder.last_ns,
		.monotonic_ns = w->monotonic_ns, .realtime_ns = w->realtime_ns,
		.instance = w->host->instance,
	};
	bool has_features = is_good && ids && features_make(&features, &facts) == 0;
	int r = series_end(&w->series, has_features ? &features : NULL, &w->span, ret_why);

	free(ids);
	return r;
}

static bool is_full(const struct perfdata_writer *w, const struct hearth_profile_info *info)
{
	uint64_t start_ns = realtime_of(info, info->window_start_ns);

	if (w->series.fixed_name)
		return false;
	return (w->rotate_bytes && perf_file_bytes(&w->series.file) >= w->rotate_bytes) ||
	       (w->rotate_ns && start_ns >= w->span.start_ns + w->rotate_ns) ||
	       !rounds_allow(&w->recorder.rounds, info->window_start_ns);
}

/* ---- batches ---- */

/* A file that takes the event, *ret with its id there: the open one, or the next. */
static int ready_file(struct perfdata_writer *w, const struct hearth_flat *batch, struct event *event,
		      char **ret_why)
{
	struct hearth_profile_info info = hearth_profile_info(batch);
	const struct event *row = NULL;
	bool is_new = false, is_only = w->series.fixed_name;
	int r = 0;

	if (series_is_writing(&w->series) && !is_full(w, &info))
		row = events_find(&w->events, event, is_only, &is_new);
	if (!row && is_only && series_is_writing(&w->series))
		return -E2BIG;
	if (!row && series_is_writing(&w->series))
		r = end_file(w, true, ret_why);
	if (r == 0 && !row) {
		r = begin_file(w, batch, ret_why);
		row = events_find(&w->events, event, is_only, &is_new);
	}
	if (r < 0)
		return r;
	event->id = row->id;
	event->has_period = row->has_period;
	return is_new ? perf_file_set_events(&w->series.file, &w->events) : 0;
}

/* Of emitters: their windows do not overlap. */
static uint64_t source_of(const struct hearth_batch *b)
{
	return hearth_flat_hash(b->instance, strlen(b->instance));
}

/* The file names its first event before it has records, and with its first records a sample. */
static int write_batch(struct perfdata_writer *w, const struct hearth_flat *batch, uint64_t source,
		       char **ret_why)
{
	struct hearth_profile_info info = hearth_profile_info(batch);
	struct encoder *out = &w->recorder.out;
	struct event event;
	int r = event_of_batch(batch, &event);

	event.has_period |= w->recorder.order.is_merging;
	if (r == 0)
		r = ready_file(w, batch, &event, ret_why);
	if (r == 0)
		r = recorder_add(&w->recorder, batch, &event, source);
	if (r == 0)
		r = perf_file_append(&w->series.file, out->bytes, out->len);
	encoder_reset(out);
	if (r < 0)
		return r;
	w->monotonic_ns = info.clock_monotonic_ns;
	w->realtime_ns = info.clock_realtime_ns;
	w->span.end_ns = realtime_of(&info, info.window_end_ns);
	return 0;
}

/* The one file has no room for another event. */
static void leave_out(struct perfdata_writer *w)
{
	if (!w->is_crowded)
		say(w->host, HEARTH_LOG_WARNING, "%s holds %d events, and more come; leave out `name`, so that "
		    "they get files of their own", w->series.fixed_name, EVENTS_MAX);
	w->is_crowded = true;
}

/*
 * What the recorder has introduced may not be in the file, so nothing can follow in it: it ends as
 * it stands, and the next batch tries another.
 */
static void give_up_file(struct perfdata_writer *w, int error, const char *why)
{
	_cleanup_free_ char *more = NULL;

	if (!w->is_failing)
		say(w->host, HEARTH_LOG_ERROR, "%s; samples are missing in perf.data until that is mended",
		    why ? why : strerror(-error));
	w->is_failing = true;
	if (series_is_writing(&w->series))
		(void)end_file(w, false, &more);
}

static int32_t perfdata_writer_consume(void *instance, const struct hearth_batch *b)
{
	struct perfdata_writer *w = instance;
	_cleanup_free_ char *why = NULL;
	struct hearth_flat batch;
	int r = hearth_profile_open(&batch, b);

	if (r < 0)
		return r;
	r = write_batch(w, &batch, source_of(b), &why);
	if (r < 0)
		w->host->count(w->host, "samples_unwritten", b->n_items);
	if (r == -E2BIG) {
		leave_out(w);
	} else if (r < 0) {
		give_up_file(w, r, why);
	} else if (w->is_failing) {
		say(w->host, HEARTH_LOG_NOTICE, "writing to %s works again", w->series.directory.path);
		w->is_failing = false;
	}
	if (w->recorder.n_lost_frames > w->n_lost_frames)
		w->host->count(w->host, "frames_unmapped", w->recorder.n_lost_frames - w->n_lost_frames);
	w->n_lost_frames = w->recorder.n_lost_frames;
	(void)series_send(&w->series);
	return 0;
}

/* ---- changes, and the end ---- */

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static int32_t perfdata_writer_update(void *instance)
{
	struct perfdata_writer *w = instance;
	const struct hearth_host *h = w->host;

	if (!is_same_text(perfdata_writer_name(h), w->series.fixed_name) ||
	    strcmp(h->option_string(h, "directory"), w->directory) != 0 ||
	    h->option_int(h, "overwrite") != w->series.can_overwrite ||
	    (strcmp(h->option_string(h, "aggregate"), "window") == 0) != w->recorder.order.is_merging)
		return -EBUSY;
	read_limits(w);
	return 0;
}

static void perfdata_writer_on_writable(void *instance)
{
	struct perfdata_writer *w = instance;

	if (series_send(&w->series) == 0 && w->is_finishing) {
		w->is_finishing = false;
		w->host->finished(w->host);
	}
}

static int32_t perfdata_writer_finish(void *instance)
{
	struct perfdata_writer *w = instance;
	_cleanup_free_ char *why = NULL;
	int r = series_is_writing(&w->series) ? end_file(w, true, &why) : 0;

	if (r < 0) {
		say_fail(w->host, "%s", why ? why : strerror(-r));
		return r;
	}
	w->is_finishing = series_send(&w->series) == -EAGAIN;
	return w->is_finishing ? -EINPROGRESS : 0;
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "perfdata-writer",
	.summary = "perf.data for perf report, perf script and everything that reads it",
	.accepts = HEARTH_PROFILE_SCHEMA,
	.emits = HEARTH_ARTIFACT_SCHEMA,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.option_stride = sizeof(options[0]),
	.create = perfdata_writer_create,
	.start = perfdata_writer_start,
	.consume = perfdata_writer_consume,
	.on_writable = perfdata_writer_on_writable,
	.update = perfdata_writer_update,
	.finish = perfdata_writer_finish,
	.destroy = perfdata_writer_destroy,
	.diagnose_options = outdir_diagnose,
};

static const struct hearth_component *const components[] = { &component, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.name = "perfdata-writer",
	.version = HEARTH_VERSION,
	.license = "Apache-2.0",
	.components = components,
};
