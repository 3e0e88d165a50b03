/* SPDX-License-Identifier: Apache-2.0 */
/* A file is whole or not there; that it is there is told once the route has room. */
#include "outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/say.h"
#include "folded.h"
#include "page.h"
#include "svg.h"

enum { FILE_NAME_BYTES = 256 };

static const struct {
	const char *name, *stem, *extension, *media_type, *description;
} formats[N_FORMATS] = {
	[FORMAT_FOLDED] = { "folded", "stacks", "folded", "text/plain", "folded stacks" },
	[FORMAT_HTML] = { "html", "flamegraph", "html", "text/html", "flame graph" },
	[FORMAT_SVG] = { "svg", "flamegraph", "svg", "image/svg+xml", "flame graph as a picture" },
};

static int read_formats(struct outputs *o)
{
	size_t n;
	const char *const *list = o->host->option_list(o->host, "formats", &n);

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < N_FORMATS && strcmp(list[i], formats[k].name) != 0)
			k++;
		if (k == N_FORMATS)
			return say_refuse(o->host, "formats",
					  "\"%s\" is not one of folded, html, svg", list[i]);
		o->wants[k] = true;
	}
	return n ? 0 : say_refuse(o->host, "formats", "must name at least one of folded, html, svg");
}

/* One name is that of one file. */
static int check_name(const struct outputs *o)
{
	size_t n = 0;

	for (size_t i = 0; i < N_FORMATS; i++)
		n += o->wants[i];
	if (!o->name)
		return 0;
	if (n > 1 || o->is_series)
		return say_refuse(o->host, "name", "is that of one file: name one format, and no interval");
	return o->name[0] && !strchr(o->name, '/') ? 0 :
		say_refuse(o->host, "name", "must be the name of a file, the folder goes into directory");
}

int outputs_init(struct outputs *o, const struct hearth_host *h)
{
	int r;

	*o = (struct outputs){ .host = h, .directory = { .fd = -1 } };
	o->can_overwrite = h->option_int(h, "overwrite");
	o->is_series = h->option_is_set(h, "interval");
	o->name = h->option_string(h, "name");
	r = read_formats(o);
	return r < 0 ? r : check_name(o);
}

void outputs_done(struct outputs *o)
{
	for (unsigned int i = 0; i < o->n_unsent; i++)
		outfile_free(o->unsent[i].file);
	outdir_done(&o->directory);
}

/* "stacks.folded", or "stacks-20260131T120000Z.folded" for a series. */
static void file_name(const struct outputs *o, unsigned int format, char *out, size_t size)
{
	char stamp[32] = "";
	time_t now = time(NULL);
	struct tm utc;

	if (o->name) {
		snprintf(out, size, "%s", o->name);
		return;
	}
	if (o->is_series && gmtime_r(&now, &utc))
		strftime(stamp, sizeof(stamp), "-%Y%m%dT%H%M%SZ", &utc);
	snprintf(out, size, "%s%s.%s", formats[format].stem, stamp, formats[format].extension);
}

int outputs_open(struct outputs *o, char **ret_why)
{
	int r;

	r = outdir_open(&o->directory, o->host->option_string(o->host, "directory"), ret_why);
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < N_FORMATS; i++) {
		char name[FILE_NAME_BYTES];

		if (!o->wants[i] || o->is_series)
			continue;
		file_name(o, i, name, sizeof(name));
		r = outdir_check(&o->directory, name, ret_why);
		if (r < 0 && (r != -EEXIST || !o->can_overwrite))
			return r;
		free(TAKE_PTR(*ret_why));
	}
	return 0;
}

static int write_format(struct outputs *o, unsigned int format, const struct profile *p,
			const struct layout *l, const struct style *style, struct outfile *file)
{
	switch (format) {
	case FORMAT_FOLDED:
		return folded_write(p->tree, file, &o->n_stacks);
	case FORMAT_HTML:
		return page_write(p, l, style, file);
	default:
		return svg_write(p, l, style, file);
	}
}

static int write_file(struct outputs *o, unsigned int format, const struct profile *p,
		      const struct layout *l, const struct style *style, char **ret_why)
{
	_cleanup_(outfile_freep) struct outfile *file = NULL;
	char name[FILE_NAME_BYTES];
	int r;

	file_name(o, format, name, sizeof(name));
	r = outfile_new(&o->directory, name, &file, ret_why);
	if (r < 0)
		return r;
	r = write_format(o, format, p, l, style, file);
	if (r < 0)
		return r;
	r = outfile_commit(file, o->can_overwrite, ret_why);
	if (r < 0)
		return r;
	if (o->n_unsent == MAX_UNSENT)
		return -ENOBUFS;
	o->unsent[o->n_unsent++] = (struct unsent){ TAKE_PTR(file), {
		.media_type = formats[format].media_type,
		.description = formats[format].description,
		.window_start_ns = p->start_ns + (uint64_t)p->to_realtime_ns,
		.window_end_ns = p->end_ns + (uint64_t)p->to_realtime_ns,
	} };
	return 0;
}

int outputs_write(struct outputs *o, const struct profile *p, const struct layout *l,
		  const struct style *style, char **ret_why)
{
	int r = 0;

	for (unsigned int i = 0; i < N_FORMATS && r >= 0; i++)
		if (o->wants[i])
			r = write_file(o, i, p, l, style, ret_why);
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
