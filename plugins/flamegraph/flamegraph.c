/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks → two files: folded text for tools, and a page for people.
 *
 * `record` writes them once, at end-of-stream, under fixed names; an agent sets `interval` and
 * gets a new pair each time, with the UTC time in their names. Files that are in the way are
 * found in start(), before anything has been sampled in vain.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hearth/artifact.h>
#include <hearth/profile.h>

#include "common/cleanup.h"
#include "common/json_text.h"
#include "common/outfile.h"
#include "common/say.h"
#include "folded.h"
#include "hottest.h"
#include "layout.h"
#include "page.h"
#include "profile.h"

enum { TIMER_INTERVAL = 0, N_FORMATS = 2, MAX_UNSENT = 16 };

enum { FORMAT_FOLDED = 0, FORMAT_HTML = 1 };

static const struct {
	const char *name, *stem, *extension, *media_type, *description;
} formats[N_FORMATS] = {
	[FORMAT_FOLDED] = { "folded", "stacks", "folded", "text/plain", "folded stacks" },
	[FORMAT_HTML] = { "html", "flamegraph", "html", "text/html", "flame graph" },
};

/* A written file that the route had no room for yet. */
struct unsent {
	struct outfile *file;
	struct outfile_about about;
};

struct flamegraph {
	const struct hearth_host *host;
	struct outdir directory;
	struct profile *profile;
	bool wants[N_FORMATS], can_overwrite, is_finishing, has_warned;
	uint64_t interval_ns; /* 0: once, at the end */
	uint64_t n_stacks;
	struct unsent unsent[MAX_UNSENT];
	unsigned int n_unsent;
};

static const struct hearth_option options[] = {
	{
		.name = "directory",
		.type = HEARTH_STRING,
		.def = ".",
		.help = "folder to write into; made if it is not there; -: standard output",
	},
	{
		.name = "formats",
		.type = HEARTH_LIST,
		.def = "folded,html",
		.help = "what to write: folded, html",
	},
	{
		.name = "overwrite",
		.type = HEARTH_BOOL,
		.def = "false",
		.help = "replace files of the same name",
	},
	{
		.name = "title",
		.type = HEARTH_STRING,
		.help = "title of the page",
	},
	{
		.name = "interval",
		.type = HEARTH_DURATION,
		.help = "write a pair of files each time this has passed; unset: once, at the end",
		.min = 1000000000,
		.max = 86400ll * 1000000000,
	},
	{
		.name = "max_memory",
		.type = HEARTH_BYTES,
		.def = "256MiB",
		.help = "memory for stacks; what comes on top is counted as truncated",
		.min = 1 << 20,
		.max = 1ll << 36,
	},
};

static int read_formats(struct flamegraph *f)
{
	size_t n;
	const char *const *list = f->host->option_list(f->host, "formats", &n);

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < N_FORMATS && strcmp(list[i], formats[k].name) != 0)
			k++;
		if (k == N_FORMATS)
			return say_refuse(f->host, "formats", "\"%s\" is not one of folded, html",
					  list[i]);
		f->wants[k] = true;
	}
	return n ? 0 : say_refuse(f->host, "formats", "must name at least one of folded, html");
}

static struct flamegraph *flamegraph_free(struct flamegraph *f)
{
	if (!f)
		return NULL;
	for (unsigned int i = 0; i < f->n_unsent; i++)
		outfile_free(f->unsent[i].file);
	outdir_done(&f->directory);
	profile_free(f->profile);
	free(f);
	return NULL;
}
DEFINE_CLEANUP(struct flamegraph *, flamegraph_free)

static int flamegraph_restart(struct flamegraph *f)
{
	size_t limit = (size_t)f->host->option_int(f->host, "max_memory");
	struct profile *fresh;
	int r;

	r = profile_new(limit, &fresh);
	if (r < 0)
		return r;
	profile_free(f->profile);
	f->profile = fresh;
	return 0;
}

static int32_t flamegraph_create(const struct hearth_host *h, void **ret)
{
	_cleanup_(flamegraph_freep) struct flamegraph *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return -ENOMEM;
	f->host = h;
	f->directory.fd = -1;
	f->can_overwrite = h->option_int(h, "overwrite");
	if (h->option_is_set(h, "interval"))
		f->interval_ns = (uint64_t)h->option_int(h, "interval");
	r = read_formats(f);
	if (r < 0)
		return r;
	r = flamegraph_restart(f);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(f);
	return 0;
}

/* "stacks.folded", or "stacks-20260131T120000Z.folded" for a series. */
static void file_name(const struct flamegraph *f, unsigned int format, char *out, size_t size)
{
	char stamp[32] = "";
	time_t now = time(NULL);
	struct tm utc;

	if (f->interval_ns && gmtime_r(&now, &utc))
		strftime(stamp, sizeof(stamp), "-%Y%m%dT%H%M%SZ", &utc);
	snprintf(out, size, "%s%s.%s", formats[format].stem, stamp, formats[format].extension);
}

static int check_targets(const struct flamegraph *f, char **ret_why)
{
	int r;

	for (unsigned int i = 0; i < N_FORMATS; i++) {
		char name[64];

		if (!f->wants[i] || f->interval_ns)
			continue;
		file_name(f, i, name, sizeof(name));
		r = outdir_check(&f->directory, name, ret_why);
		if (r < 0 && (r != -EEXIST || !f->can_overwrite))
			return r;
		free(TAKE_PTR(*ret_why));
	}
	return 0;
}

static int32_t flamegraph_start(void *instance)
{
	struct flamegraph *f = instance;
	_cleanup_free_ char *why = NULL;
	int r;

	r = outdir_open(&f->directory, f->host->option_string(f->host, "directory"), &why);
	if (r >= 0)
		r = check_targets(f, &why);
	if (r < 0) {
		say_fail(f->host, "%s", why ? why : strerror(-r));
		return r;
	}
	if (f->interval_ns)
		f->host->set_timer(f->host, TIMER_INTERVAL, f->interval_ns, f->interval_ns);
	return 0;
}

static int32_t flamegraph_consume(void *instance, const struct hearth_batch *b)
{
	struct flamegraph *f = instance;
	uint64_t overflowed = f->profile->overflowed;
	int r;

	r = profile_add_batch(f->profile, b);
	if (r == -EMEDIUMTYPE && !f->has_warned) {
		f->has_warned = true;
		say(f->host, HEARTH_LOG_WARNING, "one flame graph shows one event, here %s; "
		    "batches of %s with another are left out: give each event a flamegraph of its "
		    "own", f->profile->event, b->instance);
	}
	if (f->profile->overflowed > overflowed)
		f->host->count(f->host, "stacks_truncated.memory limit",
			       f->profile->overflowed - overflowed);
	return r;
}

static int write_format(struct flamegraph *f, unsigned int format, const struct layout *l,
			struct outfile *o)
{
	const struct hearth_host *h = f->host;
	struct page_about about = {
		.title = h->option_string(h, "title"),
		.labels = h->labels,
		.n_labels = h->n_labels,
		.label_stride = h->label_stride,
	};

	if (format == FORMAT_FOLDED)
		return folded_write(f->profile->tree, o, &f->n_stacks);
	return page_write(f->profile, l, &about, o);
}

static int write_file(struct flamegraph *f, unsigned int format, const struct layout *l,
		      char **ret_why)
{
	_cleanup_(outfile_freep) struct outfile *o = NULL;
	const struct profile *p = f->profile;
	char name[64];
	int r;

	file_name(f, format, name, sizeof(name));
	r = outfile_new(&f->directory, name, &o, ret_why);
	if (r < 0)
		return r;
	r = write_format(f, format, l, o);
	if (r < 0)
		return r;
	r = outfile_commit(o, f->can_overwrite, ret_why);
	if (r < 0)
		return r;
	if (f->n_unsent == MAX_UNSENT)
		return -ENOBUFS;
	f->unsent[f->n_unsent++] = (struct unsent){ TAKE_PTR(o), {
		.media_type = formats[format].media_type,
		.description = formats[format].description,
		.window_start_ns = p->start_ns + (uint64_t)p->to_realtime_ns,
		.window_end_ns = p->end_ns + (uint64_t)p->to_realtime_ns,
	} };
	return 0;
}

/* Answers -EAGAIN while the route has no room. */
static int send_unsent(struct flamegraph *f)
{
	while (f->n_unsent) {
		int32_t r = outfile_emit(f->unsent[0].file, f->host, &f->unsent[0].about);

		if (r == -EAGAIN)
			return r;
		if (r < 0)
			say(f->host, HEARTH_LOG_ERROR, "%s is written but cannot be announced: %s",
			    outfile_path(f->unsent[0].file), strerror(-r));
		outfile_free(f->unsent[0].file);
		f->n_unsent--;
		memmove(f->unsent, f->unsent + 1, f->n_unsent * sizeof(f->unsent[0]));
	}
	return 0;
}

static int report(struct flamegraph *f, const struct layout *l)
{
	_cleanup_(json_text_done) struct json_text hottest = { .text = NULL };
	char number[24];
	int r;

	r = hottest_write(f->profile->tree, l, &hottest);
	if (r < 0)
		return r;
	f->host->report(f->host, "hottest_functions", hottest.text);
	if (f->wants[FORMAT_FOLDED]) {
		snprintf(number, sizeof(number), "%llu", (unsigned long long)f->n_stacks);
		f->host->report(f->host, "stacks.unique", number);
	}
	return 0;
}

static int write_all(struct flamegraph *f, char **ret_why)
{
	_cleanup_(layout_done) struct layout l = { .n = 0 };
	int r;

	r = layout_new(f->profile->tree, &l);
	for (unsigned int i = 0; i < N_FORMATS && r >= 0; i++)
		if (f->wants[i])
			r = write_file(f, i, &l, ret_why);
	return r < 0 ? r : report(f, &l);
}

static void flamegraph_on_timer(void *instance, uint32_t id)
{
	struct flamegraph *f = instance;
	_cleanup_free_ char *why = NULL;
	int r;

	(void)id;
	if (f->profile->n_samples == 0)
		return;
	r = write_all(f, &why);
	if (r >= 0)
		r = flamegraph_restart(f);
	if (r < 0)
		say(f->host, HEARTH_LOG_ERROR, "%s; the next interval will hold these samples too",
		    why ? why : strerror(-r));
	(void)send_unsent(f);
}

static void flamegraph_on_writable(void *instance)
{
	struct flamegraph *f = instance;

	if (send_unsent(f) == 0 && f->is_finishing) {
		f->is_finishing = false;
		f->host->finished(f->host);
	}
}

static int32_t flamegraph_finish(void *instance)
{
	struct flamegraph *f = instance;
	_cleanup_free_ char *why = NULL;
	int r = 0;

	if (!f->interval_ns || f->profile->n_samples)
		r = write_all(f, &why);
	if (r < 0) {
		say_fail(f->host, "%s", why ? why : strerror(-r));
		return r;
	}
	f->is_finishing = send_unsent(f) == -EAGAIN;
	return f->is_finishing ? -EINPROGRESS : 0;
}

static void flamegraph_destroy(void *instance)
{
	flamegraph_free(instance);
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "flamegraph",
	.summary = "folded stacks and an interactive page",
	.accepts = HEARTH_PROFILE_SCHEMA,
	.emits = HEARTH_ARTIFACT_SCHEMA,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.option_stride = sizeof(options[0]),
	.create = flamegraph_create,
	.start = flamegraph_start,
	.consume = flamegraph_consume,
	.on_timer = flamegraph_on_timer,
	.on_writable = flamegraph_on_writable,
	.finish = flamegraph_finish,
	.destroy = flamegraph_destroy,
};

static const struct hearth_component *const components[] = { &component, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.name = "flamegraph",
	.version = HEARTH_VERSION,
	.license = "Apache-2.0",
	.components = components,
};
