/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile read back for tests: its messages as text, one line each, strings and references
 * resolved, so that a test compares with what a person would write down.
 */
#pragma once

#include "common/test_profile.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include <hearth/artifact.h>
#include <zlib.h>

#include "common/cleanup.h"
#include "common/profile_proto.h"
#include "common/protobuf.h"

extern const struct hearth_plugin hearth_plugin_v0;

enum { DECODED_BYTES = 4 << 20, DECODED_ROWS = 64 << 10 };

struct decoded {
	uint8_t *bytes;
	size_t len;
	struct protobuf_reader strings[DECODED_ROWS], locations[DECODED_ROWS], functions[DECODED_ROWS],
		mappings[DECODED_ROWS];
	uint32_t n_strings;
	char text[64 << 10]; /* of the last decoded_lines() */
};

static inline struct protobuf_reader decoded_whole(const struct decoded *d)
{
	return (struct protobuf_reader){ d->bytes, d->bytes + d->len };
}

/* The first number of a field in a message; 0: it is not there. */
static inline uint64_t decoded_number(struct protobuf_reader message, uint32_t field)
{
	struct protobuf_field f;

	while (protobuf_next(&message, &f) == 1)
		if (f.number == field && f.type == PROTOBUF_VARINT)
			return f.value;
	return 0;
}

static inline void decoded_keep(struct protobuf_reader *rows, const struct protobuf_reader *message)
{
	uint64_t id = decoded_number(*message, 1);

	assert_in_range(id, 1, DECODED_ROWS - 1);
	assert_null(rows[id].at); /* ids are unique */
	rows[id] = *message;
}

static inline void decoded_read(struct decoded *d, const char *path)
{
	gzFile gz = gzopen(path, "rb");
	struct protobuf_reader r;
	struct protobuf_field f;
	int n;

	memset(d, 0, sizeof(*d));
	assert_non_null(gz);
	d->bytes = calloc(1, DECODED_BYTES);
	n = gzread(gz, d->bytes, DECODED_BYTES);
	assert_true(n > 0 && !gzdirect(gz));
	assert_int_equal(gzclose(gz), Z_OK);
	d->len = (size_t)n;
	for (r = decoded_whole(d); protobuf_next(&r, &f) == 1;) {
		if (f.number == PROFILE_STRING_TABLE)
			d->strings[d->n_strings++] = f.bytes;
		else if (f.number == PROFILE_LOCATION)
			decoded_keep(d->locations, &f.bytes);
		else if (f.number == PROFILE_FUNCTION)
			decoded_keep(d->functions, &f.bytes);
		else if (f.number == PROFILE_MAPPING)
			decoded_keep(d->mappings, &f.bytes);
	}
	assert_int_equal(protobuf_left(&r), 0);
	assert_int_equal(protobuf_left(&d->strings[0]), 0);
}

static inline void decoded_done(struct decoded *d)
{
	free(d->bytes);
}

__attribute__((format(printf, 2, 3))) static inline void decoded_say(struct decoded *d,
								     const char *format, ...)
{
	size_t len = strlen(d->text);
	va_list args;

	va_start(args, format);
	vsnprintf(d->text + len, sizeof(d->text) - len, format, args);
	va_end(args);
}

static inline void decoded_say_string(struct decoded *d, uint64_t i)
{
	assert_in_range(i, 0, d->n_strings - 1);
	decoded_say(d, "%.*s", (int)protobuf_left(&d->strings[i]), (const char *)d->strings[i].at);
}

/* "inner<outer" */
static inline void decoded_say_location(struct decoded *d, uint64_t id)
{
	struct protobuf_reader r = d->locations[id];
	const char *between = "";
	struct protobuf_field f;

	assert_non_null(r.at);
	while (protobuf_next(&r, &f) == 1) {
		if (f.number != LOCATION_LINE)
			continue;
		decoded_say(d, "%s", between);
		decoded_say_string(d, decoded_number(d->functions[decoded_number(f.bytes, LINE_FUNCTION_ID)],
						     FUNCTION_NAME));
		between = "<";
	}
	if (!*between)
		decoded_say(d, "0x%" PRIx64, decoded_number(d->locations[id], LOCATION_ADDRESS));
}

static inline void decoded_say_label(struct decoded *d, struct protobuf_reader label)
{
	uint64_t unit = decoded_number(label, LABEL_NUM_UNIT);

	decoded_say(d, " ");
	decoded_say_string(d, decoded_number(label, LABEL_KEY));
	decoded_say(d, "=");
	if (decoded_number(label, LABEL_STR))
		decoded_say_string(d, decoded_number(label, LABEL_STR));
	else
		decoded_say(d, "%" PRIu64, decoded_number(label, LABEL_NUM));
	decoded_say_string(d, unit);
}

/* "leaf caller root | 1 1003009 | comm=gzip" */
static inline void decoded_say_sample(struct decoded *d, struct protobuf_reader sample)
{
	struct protobuf_field f;

	while (protobuf_next(&sample, &f) == 1) {
		uint64_t element;

		if (f.number == SAMPLE_LABEL) {
			decoded_say_label(d, f.bytes);
			continue;
		}
		for (const char *between = ""; protobuf_next_element(&f.bytes, &element) == 1; between = " ") {
			decoded_say(d, "%s", between);
			if (f.number == SAMPLE_LOCATION_ID)
				decoded_say_location(d, element);
			else
				decoded_say(d, "%" PRIu64, element);
		}
		decoded_say(d, " |");
		if (f.number == SAMPLE_LOCATION_ID)
			decoded_say(d, " ");
	}
	decoded_say(d, "\n");
}

/* Any other message: its fields, strings by what they are. `strings`: bits of fields that are. */
static inline void decoded_say_fields(struct decoded *d, struct protobuf_reader message, uint32_t strings)
{
	struct protobuf_field f;

	while (protobuf_next(&message, &f) == 1) {
		decoded_say(d, "%u=", f.number);
		if (f.number < 32 && (strings >> f.number & 1))
			decoded_say_string(d, f.value);
		else if (f.type == PROTOBUF_BYTES)
			decoded_say(d, "{}");
		else
			decoded_say(d, "0x%" PRIx64, f.value);
		decoded_say(d, " ");
	}
	decoded_say(d, "\n");
}

/* All messages of one field of the profile. */
static inline const char *decoded_lines(struct decoded *d, uint32_t field, uint32_t strings)
{
	struct protobuf_reader r = decoded_whole(d);
	struct protobuf_field f;

	d->text[0] = 0;
	while (protobuf_next(&r, &f) == 1) {
		if (f.number != field)
			continue;
		if (field == PROFILE_SAMPLE) {
			decoded_say_sample(d, f.bytes);
		} else if (f.type == PROTOBUF_BYTES) {
			decoded_say_fields(d, f.bytes, strings);
		} else {
			if (strings)
				decoded_say_string(d, f.value);
			else
				decoded_say(d, "%" PRIu64, f.value);
			decoded_say(d, "\n");
		}
	}
	return d->text;
}

/* ---- a writer in a folder of its own ---- */

struct writer {
	struct hearth_mock mock;
	struct test_profile profile;
	struct decoded decoded;
	char folder[64];
};

/* settings: NULL-ended list of "name=value". */
static inline void writer_begin(struct writer *w, const char *const *settings)
{
	char directory[128];

	memset(w, 0, sizeof(*w));
	snprintf(w->folder, sizeof(w->folder), "/tmp/hearth-test-pprof-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(directory, sizeof(directory), "directory=%s", w->folder);
	test_profile_begin(&w->profile);
	hearth_mock_init(&w->mock, hearth_plugin_v0.components[0]);
	assert_int_equal(hearth_mock_set(&w->mock, directory), 0);
	for (; settings && *settings; settings++)
		assert_int_equal(hearth_mock_set(&w->mock, *settings), 0);
	assert_int_equal(hearth_mock_create(&w->mock), 0);
	assert_int_equal(hearth_mock_start(&w->mock), 0);
}

static inline void writer_feed(struct writer *w)
{
	assert_int_equal(hearth_mock_feed(&w->mock, test_profile_end(&w->profile)), 0);
}

/* Reads the artifact back that was emitted as number i, and removes the file. */
static inline void writer_read(struct writer *w, uint32_t i)
{
	struct hearth_flat f = {};
	const char *path;

	assert_in_range(i, 0, w->mock.n_emitted - 1);
	assert_int_equal(hearth_artifact_open(&f, hearth_mock_emitted(&w->mock, i)), 0);
	path = hearth_flat_string(&f, hearth_artifact(&f).path);
	assert_memory_equal(path, w->folder, strlen(w->folder));
	decoded_done(&w->decoded);
	decoded_read(&w->decoded, path);
	assert_int_equal(unlink(path), 0);
}

/* To the end of the stream, and the file read back. */
static inline void writer_finish(struct writer *w)
{
	assert_int_equal(hearth_mock_finish(&w->mock), 0);
	writer_read(w, w->mock.n_emitted - 1);
}

static inline void writer_done(struct writer *w)
{
	decoded_done(&w->decoded);
	test_profile_done(&w->profile);
	assert_int_equal(hearth_mock_done(&w->mock), 0);
	assert_int_equal(rmdir(w->folder), 0); /* and nothing else was left in it */
}
