/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as a file of one format that profile-reader reads: every batch is well formed, whatever the
 * bytes are, and references lead to rows that are there.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <hearth/mock.h>
#include <hearth/profile.h>

#include "formats.h"

static const struct hearth_option read_format_options[] = {
	{ .name = "folded_comm", .type = HEARTH_BOOL, .def = "true" },
};

static const struct hearth_component read_format_component = {
	.size = sizeof(read_format_component),
	.kind = HEARTH_SOURCE,
	.name = "profile-reader",
	.emits = HEARTH_PROFILE_SCHEMA,
	.options = read_format_options,
	.n_options = 1,
	.option_stride = sizeof(read_format_options[0]),
};

static inline void read_format_insist(bool is_true)
{
	if (!is_true)
		abort();
}

static inline void read_format_check_frame(const struct hearth_flat *f, uint32_t frame)
{
	struct hearth_frame row = hearth_profile_frame(f, frame);
	struct hearth_frame_lines lines = hearth_profile_frame_lines(f, frame);

	read_format_insist(frame < hearth_flat_count(f, HEARTH_PROFILE_FRAMES));
	read_format_insist(!row.binary || row.binary < hearth_flat_count(f, HEARTH_PROFILE_BINARIES));
	read_format_insist(!row.mapping || row.mapping < hearth_flat_count(f, HEARTH_PROFILE_MAPPINGS));
	read_format_insist(!lines.count ||
			   lines.first + lines.count <= hearth_flat_count(f, HEARTH_PROFILE_LINES));
	for (uint32_t i = 0; i < lines.count; i++)
		read_format_insist(hearth_profile_line(f, lines.first + i).function <
				   hearth_flat_count(f, HEARTH_PROFILE_FUNCTIONS));
}

static inline void read_format_check(const struct hearth_batch *b)
{
	struct hearth_flat f = {};
	uint64_t n;

	read_format_insist(hearth_profile_open(&f, b) == 0);
	n = hearth_flat_count(&f, HEARTH_PROFILE_SAMPLES);
	read_format_insist(n > 0 && n == b->n_items);
	for (uint64_t i = 0; i < n; i++) {
		struct hearth_sample s = hearth_profile_sample(&f, i);
		struct hearth_stack stack = hearth_profile_stack(&f, s.stack);

		read_format_insist(s.stack < hearth_flat_count(&f, HEARTH_PROFILE_STACKS));
		read_format_insist(!s.thread || s.thread < hearth_flat_count(&f, HEARTH_PROFILE_THREADS));
		for (uint32_t k = 0; k < stack.count; k++)
			read_format_check_frame(&f, hearth_profile_stack_frame(&f, &stack, k));
	}
}

static inline const char *read_format_file(const uint8_t *data, size_t len)
{
	static char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/shm/hearth-fuzz-read-%d", (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	read_format_insist(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	close(fd);
	return path;
}

static inline void read_format_all(const struct format *format, const struct format_context *c,
				   struct hearth_mock *m)
{
	struct draft *draft;
	void *reader;
	int r;

	read_format_insist(format->open(c, &reader) == 0);
	while ((r = format->read(reader, &draft)) != 0) {
		if (r == -EINPROGRESS)
			continue;
		if (r < 0)
			break;
		read_format_insist(draft_emit(draft, &m->host) == 0);
		read_format_check(hearth_mock_emitted(m, m->n_emitted - 1));
		hearth_mock_forget_emitted(m);
	}
	read_format_insist(r == 0 || (r == -EBADMSG && c->warnings->failure[0]));
	format->close(reader);
}

static inline void read_format(const struct format *format, const uint8_t *data, size_t len)
{
	const char *path = read_format_file(data, len);
	struct recorded_files files;
	struct hearth_mock m;
	struct warnings warnings = { .host = &m.host, .file = "file" };
	struct format_context c = { .host = &m.host, .files = &files, .warnings = &warnings };

	hearth_mock_init(&m, &read_format_component);
	recorded_init(&files, &m.host);
	read_format_insist(input_open(path, &c.input) == 0);
	(void)unlink(path);
	(void)format->recognise(data, len < FORMAT_HEAD_BYTES ? len : FORMAT_HEAD_BYTES);
	read_format_all(format, &c, &m);
	input_free(c.input);
	recorded_done(&files);
	read_format_insist(hearth_mock_done(&m) == 0);
}
