/* SPDX-License-Identifier: Apache-2.0 */
/* A report is composed in memory, then written at once: a file is whole or not there. */
#include "outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/json_text.h"
#include "common/say.h"
#include "json.h"
#include "printed.h"
#include "text.h"

static const struct {
	const char *option, *media_type, *description;
} formats[N_FORMATS] = {
	[FORMAT_TEXT] = { "output", "text/plain", "functions by their share" },
	[FORMAT_JSON] = { "json", "application/json", "functions by their share, for programs" },
};

static bool is_stream(const struct outputs *o, unsigned int format)
{
	return strcmp(o->names[format], "-") == 0 ||
	       strcmp(o->host->option_string(o->host, "directory"), "-") == 0;
}

int outputs_init(struct outputs *o, const struct hearth_host *h)
{
	*o = (struct outputs){ .host = h, .directory = { .fd = -1 }, .stream = { .fd = -1 } };
	o->can_overwrite = h->option_int(h, "overwrite");
	o->is_series = h->option_is_set(h, "interval");
	for (unsigned int i = 0; i < N_FORMATS; i++) {
		const char *name = h->option_string(h, formats[i].option);

		o->names[i] = name ? name : "";
		if (strchr(o->names[i], '/'))
			return say_refuse(h, formats[i].option, "is the name of a file in directory, "
					  "without a slash");
	}
	if (!*o->names[FORMAT_TEXT] && !*o->names[FORMAT_JSON])
		return say_refuse(h, "output", "output and json are both empty: nothing would be written");
	return 0;
}

void outputs_done(struct outputs *o)
{
	for (unsigned int i = 0; i < o->n_unsent; i++)
		outfile_free(o->unsent[i].file);
	outdir_done(&o->directory);
	outdir_done(&o->stream);
}

/* "report.txt", or "report-20260131T120000Z.txt" for a series. */
static int file_name(const struct outputs *o, unsigned int format, char **ret)
{
	const char *name = o->names[format], *dot = strrchr(name, '.');
	int stem = dot && dot != name ? (int)(dot - name) : (int)strlen(name);
	char stamp[32] = "";
	time_t now = time(NULL);
	struct tm utc;

	if (o->is_series && gmtime_r(&now, &utc))
		strftime(stamp, sizeof(stamp), "-%Y%m%dT%H%M%SZ", &utc);
	if (asprintf(ret, "%.*s%s%s", stem, name, stamp, name + stem) < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* A name that is taken is found before any work is done; of a series, no name is known yet. */
static int open_for(struct outputs *o, unsigned int format, char **ret_why)
{
	int r;

	if (is_stream(o, format))
		return o->stream.path ? 0 : outdir_open(&o->stream, "-", ret_why);
	if (!o->directory.path) {
		r = outdir_open(&o->directory, o->host->option_string(o->host, "directory"), ret_why);
		if (r < 0)
			return r;
	}
	if (o->is_series)
		return 0;
	r = outdir_check(&o->directory, o->names[format], ret_why);
	if (r < 0 && (r != -EEXIST || !o->can_overwrite))
		return r;
	free(TAKE_PTR(*ret_why));
	return 0;
}

int outputs_open(struct outputs *o, char **ret_why)
{
	int r = 0;

	for (unsigned int i = 0; i < N_FORMATS && r == 0; i++)
		if (*o->names[i])
			r = open_for(o, i, ret_why);
	return r;
}

static int write_text(const struct recording *rec, uint32_t columns, struct outfile *file)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int r;

	if (!out)
		return -ENOMEM;
	r = text_write(rec, columns, out);
	if (fclose(out) != 0 && r == 0)
		r = -ENOMEM;
	if (r == 0)
		outfile_write(file, text, len);
	return r;
}

static int write_json(const struct recording *rec, struct outfile *file)
{
	_cleanup_(json_text_done) struct json_text j = { .text = NULL };
	int r = json_write(rec, &j);

	if (r == 0)
		outfile_write(file, j.text, j.len);
	return r;
}

/* The time that its events cover. */
static struct outfile_about about(const struct recording *rec, unsigned int format)
{
	struct outfile_about a = {
		.media_type = formats[format].media_type,
		.description = formats[format].description,
	};

	for (uint32_t i = 0; i < rec->n_events; i++) {
		const struct event *e = &rec->events[i];

		if (e->end_ns && (a.window_end_ns == 0 || e->start_ns < a.window_start_ns))
			a.window_start_ns = e->start_ns;
		if (e->end_ns > a.window_end_ns)
			a.window_end_ns = e->end_ns;
	}
	return a;
}

static int write_format(struct outputs *o, const struct recording *rec, unsigned int format,
			char **ret_why)
{
	const struct outdir *d = is_stream(o, format) ? &o->stream : &o->directory;
	_cleanup_(outfile_freep) struct outfile *file = NULL;
	_cleanup_free_ char *name = NULL;
	int r = file_name(o, format, &name);

	if (r == 0)
		r = outfile_new(d, name, &file, ret_why);
	if (r == 0)
		r = format == FORMAT_JSON ? write_json(rec, file) :
		    write_text(rec, d->is_stream ? printed_columns(d->fd) : 0, file);
	if (r == 0)
		r = outfile_commit(file, o->can_overwrite, ret_why);
	if (r < 0 || d->is_stream)
		return r;
	if (o->n_unsent == MAX_UNSENT)
		return -ENOBUFS;
	o->unsent[o->n_unsent++] = (struct unsent){ TAKE_PTR(file), about(rec, format) };
	return 0;
}

int outputs_write(struct outputs *o, const struct recording *rec, char **ret_why)
{
	int r = 0;

	for (unsigned int i = 0; i < N_FORMATS && r == 0; i++)
		if (*o->names[i])
			r = write_format(o, rec, i, ret_why);
	return r;
}

int outputs_send(struct outputs *o)
{
	while (o->n_unsent) {
		int32_t r = outfile_emit(o->unsent[0].file, o->host, &o->unsent[0].about);

		if (r == -EAGAIN)
			return r;
		if (r < 0)
			say(o->host, HEARTH_LOG_ERROR, "%s is written but cannot be announced: %s",
			    outfile_path(o->unsent[0].file), strerror(-r));
		outfile_free(o->unsent[0].file);
		o->n_unsent--;
		memmove(o->unsent, o->unsent + 1, o->n_unsent * sizeof(o->unsent[0]));
	}
	return 0;
}
