/* SPDX-License-Identifier: Apache-2.0 */
/* perf.data of whatever is sampled, as files or as a stream: what the options say, and the life of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <hearth/artifact.h>
#include <hearth/profile.h>

#include "common/cleanup.h"
#include "common/say.h"
#include "files.h"
#include "live_pipe.h"
#include "recorder.h"

enum { TAKEN_TIMER = 0 };

/* A reader that takes nothing for so long holds up the end no longer. */
#define PATIENCE_NS 5000000000ull

struct perfdata_writer {
	const struct hearth_host *host;
	char *directory, *name; /* as configured; name NULL: a series */
	struct kernel_map kernel;
	struct recorder recorder;
	struct files files;      /* file mode */
	struct live_pipe pipe;   /* pipe mode */
	uint64_t n_lost_frames;  /* counted so far */
	uint64_t n_taken;        /* of the pipe, when it was looked at last */
	bool is_pipe, is_finishing;
};

static const struct hearth_option options[] = {
	{
		.name = "mode",
		.type = HEARTH_CHOICE,
		.choices = "file|pipe",
		.def = "file",
		.help = "file: files in a folder; pipe: a stream for a reader that takes it at once",
	},
	{
		.name = "output",
		.type = HEARTH_STRING,
		.help = "of mode pipe, which needs it: a FIFO, made if it is not there, or - for standard output",
	},
	{
		.name = "buffer",
		.type = HEARTH_BYTES,
		.def = "16MiB",
		.min = 64 << 10,
		.max = 1 << 30,
		.help = "written at once at most; of mode pipe: what waits for a slow reader at most",
	},
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
		.name = "compress",
		.type = HEARTH_CHOICE,
		.choices = "none|zstd",
		.def = "none",
		.help = "zstd: a file that is finished becomes NAME.zst",
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

static const char *perfdata_writer_output(const struct hearth_host *h)
{
	return h->option_is_set(h, "output") ? h->option_string(h, "output") : "";
}

static bool is_chosen(const struct hearth_host *h, const char *option, const char *choice)
{
	return strcmp(h->option_string(h, option), choice) == 0;
}

static void read_limits(struct perfdata_writer *w)
{
	const struct hearth_host *h = w->host;
	size_t buffer = (size_t)h->option_int(h, "buffer");

	w->files.rotate_ns = (uint64_t)h->option_int(h, "rotate");
	w->files.rotate_bytes = (uint64_t)h->option_int(h, "rotate_size");
	w->files.series.wants_zstd = is_chosen(h, "compress", "zstd");
	w->files.series.keep = (uint64_t)h->option_int(h, "keep");
	w->files.series.keep_bytes = (uint64_t)h->option_int(h, "keep_bytes");
	w->pipe.stream.max_bytes = buffer;
	w->recorder.buffer_bytes = w->is_pipe ? SIZE_MAX : buffer;
}

static void perfdata_writer_destroy(void *instance)
{
	struct perfdata_writer *w = instance;

	series_done(&w->files.series);
	live_pipe_done(&w->pipe);
	recorder_done(&w->recorder);
	kernel_map_done(&w->kernel);
	free(w->directory);
	free(w->name);
	free(w);
}

static int keep_names(struct perfdata_writer *w, const char *name)
{
	w->directory = strdup(w->host->option_string(w->host, "directory"));
	w->pipe.path = strdup(perfdata_writer_output(w->host));
	w->name = name ? strdup(name) : NULL;
	if (!w->directory || !w->pipe.path || (name && !w->name))
		return -ENOMEM;
	w->files.series.fixed_name = w->name;
	return 0;
}

static int32_t perfdata_writer_create(const struct hearth_host *h, void **ret)
{
	const char *name = perfdata_writer_name(h);
	struct perfdata_writer *w;

	if (name && (!name[0] || name[0] == '.' || strchr(name, '/')))
		return say_refuse(h, "name", "\"%s\" is no name of a file in the folder", name);
	if (is_chosen(h, "mode", "pipe") && !*perfdata_writer_output(h))
		return say_refuse(h, "output", "mode pipe needs it: the path of a FIFO, or - for standard output");
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->host = h;
	recorder_init(&w->recorder, &w->kernel);
	w->recorder.order.is_merging = is_chosen(h, "aggregate", "window");
	w->is_pipe = is_chosen(h, "mode", "pipe");
	w->files = (struct files){ .host = h, .recorder = &w->recorder, .kernel = &w->kernel };
	w->files.series = (struct series){
		.host = h, .directory = { .fd = -1 }, .file = { .fd = -1 },
		.can_overwrite = h->option_int(h, "overwrite"),
	};
	w->pipe = (struct live_pipe){
		.host = h, .recorder = &w->recorder, .kernel = &w->kernel, .stream = { .fd = -1 },
	};
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
	int r = w->is_pipe ? live_pipe_open(&w->pipe, &why) :
			     series_open(&w->files.series, w->directory, &why);

	if (r < 0)
		say_fail(w->host, "%s", why ? why : strerror(-r));
	return r;
}

/* ---- batches ---- */

/* Of emitters: their windows do not overlap. */
static uint64_t source_of(const struct hearth_batch *b)
{
	return hearth_flat_hash(b->instance, strlen(b->instance));
}

static void count_lost_frames(struct perfdata_writer *w)
{
	uint64_t n = w->recorder.n_lost_frames;

	if (n > w->n_lost_frames)
		w->host->count(w->host, "frames_unmapped", n - w->n_lost_frames);
	w->n_lost_frames = n;
}

static int32_t perfdata_writer_consume(void *instance, const struct hearth_batch *b)
{
	struct perfdata_writer *w = instance;
	struct hearth_flat batch;
	int r = hearth_profile_open(&batch, b);

	if (r < 0)
		return r;
	if (w->is_pipe)
		r = live_pipe_write(&w->pipe, &batch, source_of(b));
	else
		r = files_write(&w->files, &batch, source_of(b));
	if (r < 0)
		w->host->count(w->host, "samples_unwritten", b->n_items);
	count_lost_frames(w);
	(void)series_send(&w->files.series);
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

	if (!is_same_text(perfdata_writer_name(h), w->name) ||
	    strcmp(h->option_string(h, "directory"), w->directory) != 0 ||
	    strcmp(perfdata_writer_output(h), w->pipe.path) != 0 ||
	    is_chosen(h, "mode", "pipe") != w->is_pipe ||
	    h->option_int(h, "overwrite") != w->files.series.can_overwrite ||
	    is_chosen(h, "aggregate", "window") != w->recorder.order.is_merging)
		return -EBUSY;
	read_limits(w);
	return 0;
}

static void conclude(struct perfdata_writer *w)
{
	if (w->is_finishing)
		w->host->finished(w->host);
	w->is_finishing = false;
}

static void perfdata_writer_on_writable(void *instance)
{
	struct perfdata_writer *w = instance;

	if (!w->is_pipe && series_send(&w->files.series) == 0)
		conclude(w);
}

static void perfdata_writer_on_fd(void *instance, int32_t fd __attribute__((unused)), uint32_t events)
{
	struct perfdata_writer *w = instance;

	if (events & EPOLLERR)
		live_pipe_on_hangup(&w->pipe);
	if (live_pipe_flush(&w->pipe) != -EAGAIN)
		conclude(w);
}

static void perfdata_writer_on_timer(void *instance, uint32_t id __attribute__((unused)))
{
	struct perfdata_writer *w = instance;

	if (w->pipe.n_taken == w->n_taken && w->is_finishing) {
		say(w->host, HEARTH_LOG_WARNING, "the reader of perf.data takes nothing any more; it lacks the end");
		conclude(w);
	}
	w->n_taken = w->pipe.n_taken;
}

/* Standard output that nobody reads, as of `… | head`, is no failure of ours. */
static int finish_pipe(struct perfdata_writer *w)
{
	if (live_pipe_flush(&w->pipe) != -EAGAIN)
		return 0;
	w->n_taken = w->pipe.n_taken;
	w->is_finishing = true;
	(void)w->host->set_timer(w->host, TAKEN_TIMER, PATIENCE_NS, PATIENCE_NS);
	return -EINPROGRESS;
}

static int32_t perfdata_writer_finish(void *instance)
{
	struct perfdata_writer *w = instance;
	_cleanup_free_ char *why = NULL;
	int r;

	if (w->is_pipe)
		return finish_pipe(w);
	r = files_end(&w->files, &why);
	if (r < 0) {
		say_fail(w->host, "%s", why ? why : strerror(-r));
		return r;
	}
	w->is_finishing = series_send(&w->files.series) == -EAGAIN;
	return w->is_finishing ? -EINPROGRESS : 0;
}

static void perfdata_writer_diagnose(const struct hearth_diagnosis *d)
{
	const char *mode = d->option_string(d, "mode");

	if (mode && strcmp(mode, "file") == 0)
		outdir_diagnose(d);
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
	.on_timer = perfdata_writer_on_timer,
	.on_fd = perfdata_writer_on_fd,
	.on_writable = perfdata_writer_on_writable,
	.update = perfdata_writer_update,
	.finish = perfdata_writer_finish,
	.destroy = perfdata_writer_destroy,
	.diagnose_options = perfdata_writer_diagnose,
};

static const struct hearth_component *const components[] = { &component, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.name = "perfdata-writer",
	.version = HEARTH_VERSION,
	.license = "Apache-2.0",
	.components = components,
};
