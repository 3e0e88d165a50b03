/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples as the text that `perf script` prints, for tools that read no perf.data. Nothing is kept
 * from batch to batch: what has come is on its way out before the next one is taken.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/artifact.h>
#include <hearth/profile.h>

#include "blocks.h"
#include "common/cleanup.h"
#include "common/outfile.h"
#include "common/say.h"

struct script_writer {
	const struct hearth_host *host;
	struct outdir directory;
	struct outfile *file;
	struct outfile_about about;
	struct blocks blocks;
	bool can_overwrite, is_written, is_finishing;
};

static const struct hearth_option options[] = {
	{
		.name = "directory",
		.type = HEARTH_STRING,
		.def = ".",
		.help = "folder to write into; made if it is not there; -: standard output",
	},
	{
		.name = "name",
		.type = HEARTH_STRING,
		.def = "perf-script.txt",
		.help = "name of the file",
	},
	{
		.name = "overwrite",
		.type = HEARTH_BOOL,
		.def = "false",
		.help = "replace a file of that name",
	},
	{
		.name = "period",
		.type = HEARTH_BOOL,
		.def = "true",
		.help = "print what each sample stands for, as perf does; the collapsers of FlameGraph and "
			"inferno add that up then, without it they count samples",
	},
};

static void script_writer_destroy(void *instance)
{
	struct script_writer *w = instance;

	outfile_free(w->file);
	outdir_done(&w->directory);
	free(w);
}

static int32_t script_writer_create(const struct hearth_host *h, void **ret)
{
	const char *name = h->option_string(h, "name");
	struct script_writer *w;

	if (!name[0] || name[0] == '.' || strchr(name, '/'))
		return say_refuse(h, "name", "\"%s\" is no name of a file in the folder", name);
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->host = h;
	w->directory.fd = -1;
	w->can_overwrite = h->option_int(h, "overwrite");
	w->blocks.has_period = h->option_int(h, "period");
	w->about = (struct outfile_about){ "text/plain", "samples as perf script prints them", 0, 0 };
	*ret = w;
	return 0;
}

static int open_file(struct script_writer *w, char **ret_why)
{
	const struct hearth_host *h = w->host;
	const char *name = h->option_string(h, "name");
	int r = outdir_open(&w->directory, h->option_string(h, "directory"), ret_why);

	if (r < 0)
		return r;
	r = outdir_check(&w->directory, name, ret_why);
	if (r < 0 && (r != -EEXIST || !w->can_overwrite))
		return r;
	free(TAKE_PTR(*ret_why));
	return outfile_new(&w->directory, name, &w->file, ret_why);
}

static int32_t script_writer_start(void *instance)
{
	struct script_writer *w = instance;
	_cleanup_free_ char *why = NULL;
	int r = open_file(w, &why);

	if (r < 0)
		say_fail(w->host, "%s", why ? why : strerror(-r));
	return r;
}

static void widen_window(struct outfile_about *about, const struct hearth_profile_info *info)
{
	uint64_t to_realtime_ns = info->clock_realtime_ns - info->clock_monotonic_ns;
	uint64_t start_ns = info->window_start_ns + to_realtime_ns;
	uint64_t end_ns = info->window_end_ns + to_realtime_ns;

	if (!about->window_start_ns || start_ns < about->window_start_ns)
		about->window_start_ns = start_ns;
	if (end_ns > about->window_end_ns)
		about->window_end_ns = end_ns;
}

static void count_merged(struct script_writer *w, uint64_t before)
{
	uint64_t n = w->blocks.n_merged - before;

	if (!n)
		return;
	if (!before)
		say(w->host, HEARTH_LOG_WARNING, "a sample stands for more than %d: what is beyond that is in the "
		    "period of its last block, and tools that count blocks see fewer", BLOCKS_MAX_REPEATS);
	w->host->count(w->host, "samples_merged", n);
}

static int32_t script_writer_consume(void *instance, const struct hearth_batch *b)
{
	struct script_writer *w = instance;
	uint64_t n_merged = w->blocks.n_merged;
	struct hearth_profile_info info;
	struct hearth_flat batch;
	int r = hearth_profile_open(&batch, b);

	if (r < 0)
		return r;
	info = hearth_profile_info(&batch);
	r = blocks_write(&w->blocks, &batch, w->file);
	if (r < 0)
		return r;
	outfile_flush(w->file);
	widen_window(&w->about, &info);
	count_merged(w, n_merged);
	return 0;
}

/* 0, or -EAGAIN: on_writable follows. */
static int announce(struct script_writer *w)
{
	int32_t r = w->is_written ? outfile_emit(w->file, w->host, &w->about) : 0;

	if (r == -EAGAIN)
		return r;
	if (r < 0)
		say(w->host, HEARTH_LOG_ERROR, "%s is written but cannot be announced: %s",
		    outfile_path(w->file), strerror(-r));
	w->is_written = false;
	return 0;
}

static void script_writer_on_writable(void *instance)
{
	struct script_writer *w = instance;

	if (announce(w) == 0 && w->is_finishing) {
		w->is_finishing = false;
		w->host->finished(w->host);
	}
}

static int32_t script_writer_finish(void *instance)
{
	struct script_writer *w = instance;
	_cleanup_free_ char *why = NULL;
	int r = outfile_commit(w->file, w->can_overwrite, &why);

	if (r < 0) {
		say_fail(w->host, "%s", why ? why : strerror(-r));
		return r;
	}
	w->is_written = true;
	w->is_finishing = announce(w) == -EAGAIN;
	return w->is_finishing ? -EINPROGRESS : 0;
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "script-writer",
	.summary = "text as perf script prints it, for speedscope and the Firefox Profiler",
	.accepts = HEARTH_PROFILE_SCHEMA,
	.emits = HEARTH_ARTIFACT_SCHEMA,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.option_stride = sizeof(options[0]),
	.create = script_writer_create,
	.start = script_writer_start,
	.consume = script_writer_consume,
	.on_writable = script_writer_on_writable,
	.finish = script_writer_finish,
	.destroy = script_writer_destroy,
	.diagnose_options = outdir_diagnose,
};

static const struct hearth_component *const components[] = { &component, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.name = "script-writer",
	.version = HEARTH_VERSION,
	.license = "Apache-2.0",
	.components = components,
};
