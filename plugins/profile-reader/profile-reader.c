/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording that somebody made earlier → batches, as if it were being made now.
 *
 * One batch is read, waits for the files that its frames lie in, and goes out; then the next is
 * read. Between two batches other callbacks have their turn: answers of the inspector come so.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "common/cleanup.h"
#include "common/say.h"
#include "convert.h"
#include "first_event.h"
#include "format.h"
#include "formats.h"

struct profile_reader {
	const struct hearth_host *host;
	struct input *input;
	struct recorded_files files;
	struct warnings warnings;
	struct format_context context;
	const struct format *format; /* NULL: not known yet */
	void *reader;
	struct draft *draft;         /* read and not emitted; the reader's own */
	struct first_event first;
	bool wants_first, is_over, is_watching;
};

static const struct hearth_option options[] = {
	{
		.name = "file",
		.type = HEARTH_STRING,
		.flags = HEARTH_REQUIRED,
		.help = "what to read, also packed by gzip or zstd; -: standard input",
	},
	{
		.name = "format",
		.type = HEARTH_CHOICE,
		.def = "auto",
		.choices = FORMAT_CHOICES,
		.help = "what the file is; auto: as its first bytes say",
	},
	{
		.name = "event",
		.type = HEARTH_STRING,
		.help = "read only the samples of this event; unset: of all",
	},
	{
		.name = "first_event",
		.type = HEARTH_BOOL,
		.def = "false",
		.help = "read only the samples of the first event that has any",
	},
	{
		.name = "folded_comm",
		.type = HEARTH_BOOL,
		.def = "true",
		.help = "folded stacks: the first part of a line is the name of the process, not a frame",
	},
};

/* ---- beginning ---- */

static const struct format *format_of(const struct profile_reader *p, const uint8_t *head, size_t n)
{
	const char *name = p->host->option_string(p->host, "format");

	for (size_t i = 0; formats[i]; i++)
		if (strcmp(name, "auto") == 0 ? formats[i]->recognise(head, n) :
						strcmp(name, formats[i]->name) == 0)
			return formats[i];
	return NULL;
}

static int refuse_bytes(struct profile_reader *p, const uint8_t *head, size_t n)
{
	char text[3 * 8 + 1] = "";

	for (size_t i = 0; i < n && i < 8; i++)
		snprintf(text + 3 * i, 4, " %02x", head[i]);
	return warnings_fail(&p->warnings, "is none of: " FORMAT_NAMES "; first bytes:%s", text);
}

static int begin(struct profile_reader *p)
{
	uint8_t head[FORMAT_HEAD_BYTES];
	ssize_t n = input_peek(p->input, head, sizeof(head));
	const struct format *format;
	int r;

	if (n == -EBADMSG)
		return warnings_fail(&p->warnings, "the %s data is damaged at its beginning",
				     input_packing(p->input));
	if (n < 0)
		return (int)n;
	if (n == 0)
		return warnings_fail(&p->warnings, "is empty");
	format = format_of(p, head, (size_t)n);
	if (!format)
		return refuse_bytes(p, head, (size_t)n);
	r = format->open(&p->context, &p->reader);
	if (r == 0)
		p->format = format;
	return r;
}

/* ---- going on ---- */

static void give_up(struct profile_reader *p, int r)
{
	p->is_over = true;
	p->draft = NULL;
	say_fail(p->host, "%s: %s", p->warnings.file,
		 r == -EBADMSG && p->warnings.failure[0] ? p->warnings.failure : strerror(-r));
}

static void watch(struct profile_reader *p, bool want)
{
	if (p->is_watching != want)
		p->host->watch_fd(p->host, input_fd(p->input), want ? EPOLLIN : 0);
	p->is_watching = want;
}

/* 1: a draft; 0: the end; -EAGAIN: not now; -EINPROGRESS: none yet. */
static int read_draft(struct profile_reader *p)
{
	int r = p->format ? 0 : begin(p);

	if (r == 0)
		r = p->format->read(p->reader, &p->draft);
	watch(p, r == -EAGAIN);
	if (r != 1 || !p->wants_first || first_event_takes(&p->first, &p->draft->builder))
		return r;
	p->draft = NULL;
	return -EINPROGRESS;
}

static void end(struct profile_reader *p)
{
	p->is_over = true;
	warnings_sum_up(&p->warnings);
	first_event_say(&p->first, &p->warnings);
	p->host->finished(p->host);
}

static void go_on(struct profile_reader *p)
{
	const struct hearth_host *h = p->host;
	uint64_t n;
	int r = p->draft || p->is_over ? 1 : read_draft(p);

	if (r == -EAGAIN || r == -EBUSY || p->is_over)
		return;
	if (r == -EINPROGRESS) {
		(void)h->wake(h);
		return;
	}
	if (r < 0)
		return give_up(p, r);
	if (r == 0)
		return end(p);
	if (draft_is_waiting(p->draft))
		return; /* on_answered() follows */
	n = p->draft->builder.n_items;
	r = draft_emit(p->draft, h);
	if (r == -EAGAIN)
		return; /* on_writable() follows */
	if (r < 0)
		return give_up(p, r);
	h->count(h, "samples_taken", n);
	p->draft = NULL;
	(void)h->wake(h);
}

static void on_answered(void *ctx)
{
	struct profile_reader *p = ctx;

	if (!p->draft || !draft_is_waiting(p->draft))
		(void)p->host->wake(p->host);
}

static void profile_reader_go_on(void *instance)
{
	go_on(instance);
}

static void profile_reader_on_fd(void *instance, int32_t fd, uint32_t events)
{
	(void)fd;
	(void)events;
	go_on(instance);
}

/* ---- life ---- */

static int32_t profile_reader_create(const struct hearth_host *h, void **ret)
{
	struct profile_reader *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->host = h;
	p->warnings.host = h;
	p->wants_first = h->option_int(h, "first_event");
	recorded_init(&p->files, h);
	p->files.answered = on_answered;
	p->files.answered_ctx = p;
	*ret = p;
	return 0;
}

static int32_t profile_reader_start(void *instance)
{
	struct profile_reader *p = instance;
	const char *file = p->host->option_string(p->host, "file");
	int r = input_open(file, &p->input);

	if (r < 0) {
		say_fail(p->host, "cannot read %s: %s", file, strerror(-r));
		return r;
	}
	p->warnings.file = strcmp(file, "-") == 0 ? "standard input" : file;
	p->files.inspect = p->host->service(p->host, HEARTH_INSPECT_SERVICE);
	p->context = (struct format_context){
		.host = p->host,
		.input = p->input,
		.files = &p->files,
		.warnings = &p->warnings,
		.event = p->host->option_string(p->host, "event"),
	};
	return p->host->wake(p->host);
}

/* Asked to end early, by a signal: what has been read is out but for this draft. */
static int32_t profile_reader_finish(void *instance)
{
	struct profile_reader *p = instance;

	p->is_over = true;
	return 0;
}

static void profile_reader_destroy(void *instance)
{
	struct profile_reader *p = instance;

	if (p->reader)
		p->format->close(p->reader);
	recorded_done(&p->files);
	input_free(p->input);
	free(p);
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SOURCE,
	.flags = HEARTH_FINITE,
	.name = "profile-reader",
	.summary = "recordings that were made earlier: " FORMAT_NAMES,
	.emits = HEARTH_PROFILE_SCHEMA,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.option_stride = sizeof(options[0]),
	.create = profile_reader_create,
	.start = profile_reader_start,
	.on_wake = profile_reader_go_on,
	.on_writable = profile_reader_go_on,
	.on_fd = profile_reader_on_fd,
	.finish = profile_reader_finish,
	.destroy = profile_reader_destroy,
};

static const struct hearth_component *const components[] = { &component, NULL };

static const struct hearth_verb *const verbs[] = { &convert_verb, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.name = "profile-reader",
	.version = HEARTH_VERSION,
	.license = "Apache-2.0",
	.components = components,
	.verbs = verbs,
};
