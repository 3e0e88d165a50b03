/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file read to its end for tests, its samples as text: one line each, sorted, equal ones added up,
 * so that a test compares with what a person would write down.
 */
#pragma once

#include "common/test_batch_text.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <zlib.h>

#include "common/cleanup.h"
#include "format.h"
#include "formats.h"

struct reading {
	struct hearth_mock mock;
	struct format_context context;
	struct recorded_files files;
	struct warnings warnings;
	struct input *input;
	const struct format *format;    /* NULL: not recognised */
	char path[64];
	struct batch_text out;          /* what reading_text() answers */
	uint32_t n_batches;
	int result;                     /* of the last read(): 0, or why it ended */
};

/* Only the options that formats look at. */
static const struct hearth_option reading_options[] = {
	{ .name = "folded_comm", .type = HEARTH_BOOL, .def = "true" },
};

static const struct hearth_component reading_component = {
	.size = sizeof(reading_component),
	.kind = HEARTH_SOURCE,
	.name = "profile-reader",
	.emits = HEARTH_PROFILE_SCHEMA,
	.options = reading_options,
	.n_options = 1,
	.option_stride = sizeof(reading_options[0]),
};

static inline void reading_begin(struct reading *r, const void *bytes, size_t len)
{
	int fd;

	memset(r, 0, sizeof(*r));
	snprintf(r->path, sizeof(r->path), "/tmp/hearth-test-reading-XXXXXX");
	fd = mkostemp(r->path, O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
	hearth_mock_init(&r->mock, &reading_component);
	r->warnings = (struct warnings){ .host = &r->mock.host, .file = "file" };
	recorded_init(&r->files, &r->mock.host);
	assert_int_equal(input_open(r->path, &r->input), 0);
	r->context = (struct format_context){
		.host = &r->mock.host, .input = r->input, .files = &r->files, .warnings = &r->warnings,
	};
}

static inline void reading_done(struct reading *r)
{
	input_free(r->input);
	recorded_done(&r->files);
	free(r->out.text);
	assert_int_equal(hearth_mock_done(&r->mock), 0);
	assert_int_equal(unlink(r->path), 0);
}

/* Sorted lines of all batches. */
static inline const char *reading_text(struct reading *r)
{
	return batch_text_sorted(&r->out);
}

/* Reads to the end; answers r->result. The text of all batches is collected. */
static inline int reading_all(struct reading *r)
{
	uint8_t head[FORMAT_HEAD_BYTES];
	ssize_t n = input_peek(r->input, head, sizeof(head));
	struct draft *draft;
	void *reader;

	for (size_t i = 0; n > 0 && formats[i] && !r->format; i++)
		if (formats[i]->recognise(head, (size_t)n))
			r->format = formats[i];
	r->result = n < 0 ? (int)n : -ENOTSUP;
	if (!r->format)
		return r->result;
	assert_int_equal(r->format->open(&r->context, &reader), 0);
	while ((r->result = r->format->read(reader, &draft)) != 0) {
		if (r->result == -EINPROGRESS)
			continue;
		if (r->result < 0)
			break;
		assert_int_equal(draft_emit(draft, &r->mock.host), 0);
		batch_text_add(&r->out, hearth_mock_emitted(&r->mock, r->mock.n_emitted - 1));
		hearth_mock_forget_emitted(&r->mock);
		r->n_batches++;
	}
	r->format->close(reader);
	return r->result;
}
