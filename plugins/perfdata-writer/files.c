/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a file begins and ends. A window is in its file before the next one is taken, so a file that
 * is cut off anywhere lacks its last window at most.
 */
#include "files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/say.h"

static uint64_t realtime_of(const struct hearth_profile_info *info, uint64_t monotonic_ns)
{
	return info->clock_realtime_ns - info->clock_monotonic_ns + monotonic_ns;
}

static int begin_file(struct files *f, const struct hearth_flat *batch, char **ret_why)
{
	struct hearth_profile_info info = hearth_profile_info(batch);
	int r;

	kernel_map_done(f->kernel); /* modules come and go */
	r = kernel_map_read(f->kernel, "");
	if (r < 0)
		return r;
	f->span.start_ns = realtime_of(&info, info.window_start_ns);
	r = series_begin(&f->series, f->span.start_ns, ret_why);
	return r < 0 ? r : recorder_begin(f->recorder);
}

int files_end(struct files *f, char **ret_why)
{
	_cleanup_(features_done) struct features features = { .n = 0 };
	int r;

	if (!series_is_writing(&f->series))
		return 0;
	r = recorder_features(f->recorder, f->host->instance, &features);
	return series_end(&f->series, r == 0 ? &features : NULL, &f->span, ret_why);
}

static bool is_full(const struct files *f, const struct hearth_profile_info *info)
{
	uint64_t start_ns = realtime_of(info, info->window_start_ns);

	if (f->series.fixed_name)
		return false;
	return (f->rotate_bytes && perf_file_bytes(&f->series.file) >= f->rotate_bytes) ||
	       (f->rotate_ns && start_ns >= f->span.start_ns + f->rotate_ns) ||
	       !rounds_allow(&f->recorder->rounds, info->window_start_ns);
}

/* A file that takes the event, with its id there: the open one, or the next. */
static int ready_file(struct files *f, const struct hearth_flat *batch, struct event *event, char **ret_why)
{
	struct hearth_profile_info info = hearth_profile_info(batch);
	struct events *events = &f->recorder->events;
	const struct event *row = NULL;
	bool is_new = false, is_only = f->series.fixed_name;
	int r = 0;

	if (series_is_writing(&f->series) && !is_full(f, &info))
		row = events_find(events, event, is_only, &is_new);
	if (!row && is_only && series_is_writing(&f->series))
		return -E2BIG;
	if (!row)
		r = files_end(f, ret_why);
	if (r == 0 && !row) {
		r = begin_file(f, batch, ret_why);
		row = events_find(events, event, is_only, &is_new);
	}
	if (r < 0)
		return r;
	event->id = row->id;
	event->has_period = row->has_period;
	return is_new ? perf_file_set_events(&f->series.file, events) : 0;
}

static int put_records(void *ctx, const void *records, size_t len)
{
	struct files *f = ctx;

	return perf_file_put(&f->series.file, records, len);
}

/* The file names its first event before it has records, and with its first records a sample. */
static int write_window(struct files *f, const struct hearth_flat *batch, uint64_t source, char **ret_why)
{
	struct hearth_profile_info info = hearth_profile_info(batch);
	struct event event;
	int r = event_of_batch(batch, &event);

	event.has_period |= f->recorder->order.is_merging;
	if (r == 0)
		r = ready_file(f, batch, &event, ret_why);
	if (r == 0)
		r = recorder_add(f->recorder, batch, &event, source);
	if (r == 0)
		r = recorder_flush(f->recorder);
	if (r == 0)
		r = perf_file_commit(&f->series.file);
	if (r == 0)
		f->span.end_ns = realtime_of(&info, info.window_end_ns);
	return r;
}

/* The one file has no room for another event. */
static void leave_out(struct files *f)
{
	if (!f->is_crowded)
		say(f->host, HEARTH_LOG_WARNING, "%s holds %d events, and more come; leave out `name`, so that "
		    "they get files of their own", f->series.fixed_name, EVENTS_MAX);
	f->is_crowded = true;
}

/*
 * What the recorder has introduced may not be in the file, so nothing can follow in it: it ends as
 * it stands, and the next batch tries another.
 */
static void give_up_file(struct files *f, int error, const char *why)
{
	_cleanup_free_ char *more = NULL;

	if (!f->is_failing)
		say(f->host, HEARTH_LOG_ERROR, "%s; samples are missing in perf.data until that is mended",
		    why ? why : strerror(-error));
	f->is_failing = true;
	recorder_forget(f->recorder);
	if (!series_is_writing(&f->series))
		return;
	perf_file_take_back(&f->series.file);
	(void)series_end(&f->series, NULL, &f->span, &more);
}

int files_write(struct files *f, const struct hearth_flat *batch, uint64_t source)
{
	_cleanup_free_ char *why = NULL;
	int r;

	f->recorder->outlet = (struct recorder_outlet){ put_records, f };
	r = write_window(f, batch, source, &why);
	if (r == -E2BIG) {
		leave_out(f);
	} else if (r < 0) {
		give_up_file(f, r, why);
	} else if (f->is_failing) {
		say(f->host, HEARTH_LOG_NOTICE, "writing to %s works again", f->series.directory.path);
		f->is_failing = false;
	}
	return r;
}
