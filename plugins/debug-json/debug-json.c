/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One JSON object per batch and line, for people, tests and plugin authors: what does this source
 * emit, and what does this processor make of it?
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hearth/artifact.h>
#include <hearth/metrics.h>
#include <hearth/profile.h>
#include <hearth/receipt.h>

#include "common/cleanup.h"
#include "common/say.h"
#include "common/writable.h"
#include "common/write_all.h"
#include "line.h"

enum { GATHER_BYTES = 64 << 10 };

struct debug_json {
	const struct hearth_host *host;
	char *path;
	struct json_text text; /* lines that are not written yet */
	size_t n_lines;
	int fd;
	bool with_samples, flush, is_failing;
};

static const struct hearth_option options[] = {
	{
		.name = "output",
		.type = HEARTH_STRING,
		.def = "-",
		.help = "file to append lines to; - is standard output",
	},
	{
		.name = "samples",
		.type = HEARTH_BOOL,
		.def = "false",
		.help = "write every sample, stack and frame of a profile too",
	},
	{
		.name = "flush",
		.type = HEARTH_BOOL,
		.def = "true",
		.help = "write each line at once, not 64 KiB at a time",
	},
};

static void read_switches(struct debug_json *d)
{
	d->with_samples = d->host->option_int(d->host, "samples");
	d->flush = d->host->option_int(d->host, "flush");
}

static int32_t debug_json_create(const struct hearth_host *h, void **ret)
{
	struct debug_json *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->host = h;
	d->fd = -1;
	d->path = strdup(h->option_string(h, "output"));
	if (!d->path) {
		free(d);
		return -ENOMEM;
	}
	read_switches(d);
	*ret = d;
	return 0;
}

static int32_t debug_json_start(void *instance)
{
	struct debug_json *d = instance;

	if (strcmp(d->path, "-") == 0)
		d->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		d->fd = open(d->path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC, 0640);
	if (d->fd < 0) {
		int r = -errno;

		say_fail(d->host, "cannot append to %s: %s; set output to a file that may be "
			 "written", d->path, strerror(-r));
		return r;
	}
	return 0;
}

/* A line that was written in part would make one bad line of two: the part is taken back. */
static void take_back(int fd, size_t n)
{
	struct stat st;

	if (n && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= (off_t)n &&
	    ftruncate(fd, st.st_size - (off_t)n) < 0)
		return;
}

static void write_lines(struct debug_json *d)
{
	size_t done;
	int r;

	if (d->text.len == 0)
		return;
	r = write_all(d->fd, d->text.text, d->text.len, &done);
	if (r < 0) {
		take_back(d->fd, done);
		d->host->count(d->host, "lines_lost.write failed", d->n_lines);
		if (!d->is_failing)
			say(d->host, HEARTH_LOG_ERROR, "cannot write to %s: %s; lines are lost "
			    "until that is mended", d->path, strerror(-r));
	} else if (d->is_failing) {
		say(d->host, HEARTH_LOG_NOTICE, "writing to %s works again", d->path);
	}
	d->is_failing = r < 0;
	d->n_lines = 0;
	json_text_reset(&d->text);
}

static int32_t debug_json_consume(void *instance, const struct hearth_batch *b)
{
	struct debug_json *d = instance;
	size_t before = d->text.len;
	int r;

	d->text.needs_comma = false;
	r = line_from_batch(&d->text, b, d->with_samples);
	if (r == -ENOMEM) {
		d->host->count(d->host, "lines_lost.out of memory", d->n_lines + 1);
		d->n_lines = 0;
		json_text_reset(&d->text);
		return r;
	}
	if (r < 0) {
		d->text.len = before;
		return r;
	}
	json_put_raw(&d->text, "\n", 1);
	d->n_lines++;
	if (d->flush || d->text.len >= GATHER_BYTES)
		write_lines(d);
	return 0;
}

/* Another file needs another instance; the switches can change under way. */
static int32_t debug_json_update(void *instance)
{
	struct debug_json *d = instance;

	if (strcmp(d->host->option_string(d->host, "output"), d->path) != 0)
		return -EBUSY;
	read_switches(d);
	write_lines(d);
	return 0;
}

static int32_t debug_json_finish(void *instance)
{
	struct debug_json *d = instance;

	write_lines(d);
	return d->is_failing ? -EIO : 0;
}

static void debug_json_destroy(void *instance)
{
	struct debug_json *d = instance;

	if (d->fd >= 0)
		write_lines(d);
	closep(&d->fd);
	json_text_done(&d->text);
	free(d->path);
	free(d);
}

static void debug_json_diagnose(const struct hearth_diagnosis *d)
{
	const char *path = d->option_string(d, "output");

	if (path && strcmp(path, "-") != 0)
		writable_diagnose_file(d, path);
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "debug-json",
	.summary = "one JSON object per batch, for people, tests and plugin authors",
	.accepts = HEARTH_PROFILE_SCHEMA " " HEARTH_METRICS_SCHEMA " " HEARTH_ARTIFACT_SCHEMA " "
		   HEARTH_RECEIPT_SCHEMA,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.option_stride = sizeof(options[0]),
	.create = debug_json_create,
	.start = debug_json_start,
	.consume = debug_json_consume,
	.update = debug_json_update,
	.finish = debug_json_finish,
	.destroy = debug_json_destroy,
	.diagnose_options = debug_json_diagnose,
};

static const struct hearth_component *const components[] = { &component, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.name = "debug-json",
	.version = HEARTH_VERSION,
	.license = "Apache-2.0",
	.components = components,
};
