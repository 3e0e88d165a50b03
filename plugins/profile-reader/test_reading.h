/* SPDX-License-Identifier: Apache-2.0 */
/* For tests and fuzz targets: reads bytes as the component does, without a host around. */
#pragma once

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "formats.h"

struct reading {
	int r;                /* of the last read(): 0 at the end */
	uint64_t n_samples, n_batches, n_events, n_lines;
	int fd;
	struct hearth_host host;
	struct warnings warnings;
	struct recorded_files files;
	struct format_context context;
	void (*on_draft)(void *ctx, struct draft *d); /* each batch; NULL: only counted */
	void *ctx;
};

static inline void reading_log_(const struct hearth_host *h, int32_t level, const char *message)
{
	(void)level;
	assert(strlen(message) > 0);
	((struct reading *)(uintptr_t)((const char *)h - offsetof(struct reading, host)))->n_lines++;
}

static inline void reading_count_(const struct hearth_host *h, const char *name, uint64_t add)
{
	(void)h;
	(void)name;
	(void)add;
}

static inline int32_t reading_emit_(const struct hearth_host *h, const struct hearth_emission *e)
{
	const struct hearth_segment *s = e->segments;
	struct hearth_span span = { s->data, s->len };
	struct hearth_batch batch = { .size = sizeof(batch), .n_segments = 1, .schema = e->schema, .segments = &span };
	struct hearth_flat f;

	(void)h;
	assert(e->n_segments == 1 && hearth_profile_open(&f, &batch) == 0);
	assert(hearth_flat_count(&f, HEARTH_PROFILE_SAMPLES) == e->n_items);
	for (uint64_t i = 0; i < e->n_items; i++) {
		struct hearth_sample sample = hearth_profile_sample(&f, i);

		assert(sample.stack < hearth_flat_count(&f, HEARTH_PROFILE_STACKS));
		assert(sample.thread < hearth_flat_count(&f, HEARTH_PROFILE_THREADS));
	}
	s->release(s->ctx);
	return 0;
}

static inline void reading_take_(struct reading *t, struct draft *d)
{
	t->n_batches++;
	t->n_samples += d->builder.n_items;
	t->n_events += d->builder.rows[HEARTH_PROFILE_EVENTS].count;
	assert(!draft_is_waiting(d));
	if (t->on_draft)
		t->on_draft(t->ctx, d);
	assert(draft_emit(d, &t->host) == 0);
}

/* Reads `len` bytes by a format to the end, or to the first error. `t` may name an event before. */
static inline void reading_run(struct reading *t, const struct format *format, const void *data, size_t len)
{
	char path[32];
	struct draft *draft;
	void *reader;

	t->host = (struct hearth_host){ .size = sizeof(t->host), .log = reading_log_, .count = reading_count_,
					.emit = reading_emit_ };
	t->n_samples = t->n_batches = t->n_events = t->n_lines = 0;
	t->fd = memfd_create("reading", MFD_CLOEXEC);
	assert(t->fd >= 0 && write(t->fd, data, len) == (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	t->warnings = (struct warnings){ .host = &t->host, .file = "test" };
	recorded_init(&t->files, &t->host);
	t->context.host = &t->host;
	t->context.files = &t->files;
	t->context.warnings = &t->warnings;
	assert(input_open(path, &t->context.input) == 0);
	assert(format->open(&t->context, &reader) == 0);
	do {
		t->r = format->read(reader, &draft);
		if (t->r == 1)
			reading_take_(t, draft);
	} while (t->r == 1 || t->r == -EINPROGRESS);
	format->close(reader);
	recorded_done(&t->files);
	t->context.input = input_free(t->context.input);
	close(t->fd);
}
