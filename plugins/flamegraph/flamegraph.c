/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stacks → three files: folded text for tools, a page for people, and a picture of it.
 *
 * `record` writes them once, at end-of-stream, under fixed names; an agent sets `interval` and
 * gets new ones each time, with the UTC time in their names. Files that are in the way are
 * found in start(), before anything has been sampled in vain.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/artifact.h>
#include <hearth/profile.h>

#include "common/cleanup.h"
#include "common/json_text.h"
#include "common/say.h"
#include "hottest.h"
#include "layout.h"
#include "outputs.h"
#include "profile.h"
#include "style.h"
#include "verb.h"

enum { TIMER_INTERVAL = 0 };

struct flamegraph {
	const struct hearth_host *host;
	struct outputs outputs;
	struct style style;
	struct profile *profile;
	bool is_finishing, has_warned;
	uint64_t interval_ns; /* 0: once, at the end */
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
		.def = "folded,html,svg",
		.help = "what to write: folded, html, svg",
	},
	{
		.name = "name",
		.type = HEARTH_STRING,
		.help = "name of the file, if there is one format; unset: stacks.folded, "
			"flamegraph.html or flamegraph.svg",
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
		.help = "title of the page and the SVG",
	},
	{
		.name = "width",
		.type = HEARTH_INT,
		.unit = "pixels",
		.help = "width of the picture; unset: the window's in the page, 1200 in the SVG",
		.min = 200,
		.max = 20000,
	},
	{
		.name = "frame_height",
		.type = HEARTH_INT,
		.def = "20",
		.unit = "pixels",
		.help = "height of a box",
		.min = 12,
		.max = 64,
	},
	{
		.name = "min_width",
		.type = HEARTH_STRING,
		.def = "0.5",
		.unit = "pixels",
		.help = "narrower boxes are not drawn one by one, 0.1 to 100; search still finds them",
	},
	{
		.name = "palette",
		.type = HEARTH_CHOICE,
		.def = "kind",
		.choices = PALETTE_NAMES,
		.help = "colours: by kind of code, or one hue",
	},
	{
		.name = "inverted",
		.type = HEARTH_BOOL,
		.def = "false",
		.help = "begin with the functions that ran, their callers below",
	},
	{
		.name = "count_unit",
		.type = HEARTH_STRING,
		.help = "what the numbers count; unset: what the event measures",
	},
	{
		.name = "interval",
		.type = HEARTH_DURATION,
		.help = "write files each time this has passed; unset: once, at the end",
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

static struct flamegraph *flamegraph_free(struct flamegraph *f)
{
	if (!f)
		return NULL;
	outputs_done(&f->outputs);
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
	if (h->option_is_set(h, "interval"))
		f->interval_ns = (uint64_t)h->option_int(h, "interval");
	r = outputs_init(&f->outputs, h);
	if (r < 0)
		return r;
	r = style_read(h, &f->style);
	if (r < 0)
		return r;
	r = flamegraph_restart(f);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(f);
	return 0;
}

static int32_t flamegraph_start(void *instance)
{
	struct flamegraph *f = instance;
	_cleanup_free_ char *why = NULL;
	int r;

	r = outputs_open(&f->outputs, &why);
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

static int report(struct flamegraph *f, const struct layout *l)
{
	_cleanup_(json_text_done) struct json_text hottest = { .text = NULL };
	char number[24];
	int r;

	r = hottest_write(f->profile->tree, l, &hottest);
	if (r < 0)
		return r;
	f->host->report(f->host, "hottest_functions", hottest.text);
	if (f->outputs.wants[FORMAT_FOLDED]) {
		snprintf(number, sizeof(number), "%llu", (unsigned long long)f->outputs.n_stacks);
		f->host->report(f->host, "stacks.unique", number);
	}
	return 0;
}

static int write_all(struct flamegraph *f, char **ret_why)
{
	_cleanup_(layout_done) struct layout l = { .n = 0 };
	int r;

	f->style.labels = f->host->labels;
	f->style.n_labels = f->host->n_labels;
	f->style.label_stride = f->host->label_stride;
	r = layout_new(f->profile->tree, &l);
	if (r >= 0)
		r = outputs_write(&f->outputs, f->profile, &l, &f->style, ret_why);
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
	(void)outputs_send(&f->outputs);
}

static void flamegraph_on_writable(void *instance)
{
	struct flamegraph *f = instance;

	if (outputs_send(&f->outputs) == 0 && f->is_finishing) {
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
	f->is_finishing = outputs_send(&f->outputs) == -EAGAIN;
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
	.summary = "folded stacks, an interactive page and a picture of it",
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
	.diagnose_options = outdir_diagnose,
};

static const struct hearth_component *const components[] = { &component, NULL };

static const struct hearth_verb *const verbs[] = { &flamegraph_verb, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.name = "flamegraph",
	.version = HEARTH_VERSION,
	.license = "Apache-2.0",
	.components = components,
	.verbs = verbs,
};
