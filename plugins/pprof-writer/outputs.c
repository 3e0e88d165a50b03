/* SPDX-License-Identifier: Apache-2.0 */
/* A file is whole or not there; that it is there is told once the route has room. */
#include "outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/say.h"
#include "message.h"

#define SUFFIX ".pb.gz"

static const char *fixed_name(const struct outputs *o)
{
	return o->host->option_is_set(o->host, "name") ? o->host->option_string(o->host, "name") :
							 "profile" SUFFIX;
}

static int check_name(const struct outputs *o)
{
	const char *name = fixed_name(o);

	if (o->is_series && o->host->option_is_set(o->host, "name"))
		return say_refuse(o->host, "name", "is for one file; those of an interval are called "
				  "<service>-<host>-<UTC start>" SUFFIX);
	if (!name[0] || name[0] == '.' || strchr(name, '/'))
		return say_refuse(o->host, "name", "\"%s\" is no name of a file in the folder", name);
	return 0;
}

int outputs_init(struct outputs *o, const struct hearth_host *h)
{
	*o = (struct outputs){
		.host = h, .directory = { .fd = -1 },
		.can_overwrite = h->option_int(h, "overwrite"),
		.is_series = h->option_is_set(h, "interval"),
		.level = (int)h->option_int(h, "level"),
	};
	return check_name(o);
}

void outputs_done(struct outputs *o)
{
	for (unsigned int i = 0; i < o->n_unsent; i++)
		outfile_free(o->unsent[i].file);
	outdir_done(&o->directory);
}

int outputs_open(struct outputs *o, char **ret_why)
{
	int r = outdir_open(&o->directory, o->host->option_string(o->host, "directory"), ret_why);

	if (r < 0 || o->is_series)
		return r;
	r = outdir_check(&o->directory, fixed_name(o), ret_why);
	if (r == -EEXIST && o->can_overwrite) {
		free(TAKE_PTR(*ret_why));
		return 0;
	}
	return r;
}

static const char *label(const struct hearth_host *h, const char *key, const char *fallback)
{
	for (uint32_t i = 0; i < h->n_labels; i++) {
		const struct hearth_label *l =
			(const void *)((const char *)h->labels + (size_t)i * h->label_stride);

		if (strcmp(l->key, key) == 0 && l->value[0])
			return l->value;
	}
	return fallback;
}

/* One word of a file name: no separator, nothing hidden. */
static void put_word(char *out, size_t size, const char *word)
{
	size_t n = 0;

	for (; *word && n + 1 < size; word++, n++)
		out[n] = *word == '/' || (unsigned char)*word < ' ' || (n == 0 && *word == '.') ? '_' : *word;
	out[n] = '\0';
}

static void series_name(const struct outputs *o, const struct profile *p, unsigned int number,
			char *out, size_t size)
{
	time_t start = (time_t)(p->start_ns / 1000000000);
	char service[64], host[64], stamp[32] = "", again[16] = "";
	struct tm utc;

	put_word(service, sizeof(service), label(o->host, "service.name", "hearth"));
	put_word(host, sizeof(host), label(o->host, "host.name", "localhost"));
	if (gmtime_r(&start, &utc))
		strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
	if (number > 1)
		snprintf(again, sizeof(again), "-%u", number);
	snprintf(out, size, "%s-%s-%s%s" SUFFIX, service, host, stamp, again);
}

/* A second file of one second gets a number. */
static int choose_name(const struct outputs *o, const struct profile *p, char *out, size_t size,
		       char **ret_why)
{
	unsigned int number = 1;
	int r;

	if (!o->is_series) {
		snprintf(out, size, "%s", fixed_name(o));
		return 0;
	}
	do {
		free(TAKE_PTR(*ret_why));
		series_name(o, p, number, out, size);
		r = outdir_check(&o->directory, out, ret_why);
	} while (r == -EEXIST && number++ < 100);
	return r;
}

static void keep_unsent(struct outputs *o, struct outfile *file, const struct profile *p)
{
	if (o->n_unsent == MAX_UNSENT) {
		say(o->host, HEARTH_LOG_ERROR, "%s is written but cannot be announced: too many wait "
		    "for the uploader", outfile_path(file));
		outfile_free(file);
		return;
	}
	o->unsent[o->n_unsent++] = (struct unsent){ file, {
		.media_type = "application/vnd.google.protobuf+gzip",
		.description = "profile for pprof",
		.window_start_ns = p->start_ns < p->end_ns ? p->start_ns : p->end_ns,
		.window_end_ns = p->end_ns,
	} };
}

int outputs_write(struct outputs *o, struct profile *p, char **ret_why)
{
	_cleanup_(outfile_freep) struct outfile *file = NULL;
	char name[256];
	int r = choose_name(o, p, name, sizeof(name), ret_why);

	if (r == 0)
		r = outfile_new(&o->directory, name, &file, ret_why);
	if (r == 0)
		r = message_write(p, o->host, o->level, file);
	if (r == 0)
		r = outfile_commit(file, o->can_overwrite, ret_why);
	if (r == 0)
		keep_unsent(o, TAKE_PTR(file), p);
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
