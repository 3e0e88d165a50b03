/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One message of the profile after the other goes through a small buffer into the compressor, so
 * that writing needs no memory that grows with the profile.
 */
#include "message.h"

#include <errno.h>
#include <stdlib.h>

#include "common/profile_proto.h"
#include "common/protobuf.h"
#include "common/utf8.h"
#include "comments.h"
#include "gzip_out.h"
#include "mapping_traits.h"
#include "value_types.h"

enum { KEY_PID = 0, KEY_TID, KEY_COMM, KEY_THREAD_COMM, KEY_CONTAINER, KEY_CPU, KEY_TIME, N_KEYS };

/* As perf_to_profile calls them, where it has them. */
static const char *const key_names[N_KEYS] = {
	[KEY_PID] = "pid",
	[KEY_TID] = "tid",
	[KEY_COMM] = "comm",
	[KEY_THREAD_COMM] = "thread_comm",
	[KEY_CONTAINER] = "container_id",
	[KEY_CPU] = "cpu",
	[KEY_TIME] = "timestamp_ns",
};

struct message {
	struct profile *profile;
	struct hearth_flat_builder *tables;
	struct value_types types;
	struct comments comments;
	struct mapping_traits *traits; /* of mappings */
	uint32_t keys[N_KEYS], nanoseconds; /* strings */
	struct protobuf scratch;
	struct gzip_out *out;
};

static void message_flush(struct message *m)
{
	gzip_out_write(m->out, m->scratch.bytes, m->scratch.len);
	m->scratch.len = 0;
}

/* ---- samples ---- */

static void put_value_type(struct message *m, uint32_t field, uint32_t type, uint32_t unit)
{
	size_t mark = protobuf_open(&m->scratch, field);

	protobuf_put_varint(&m->scratch, VALUE_TYPE_TYPE, type);
	protobuf_put_varint(&m->scratch, VALUE_TYPE_UNIT, unit);
	protobuf_close(&m->scratch, mark);
}

static void put_text_label(struct message *m, uint32_t key, uint32_t text)
{
	size_t mark;

	if (text == 0)
		return;
	mark = protobuf_open(&m->scratch, SAMPLE_LABEL);
	protobuf_put_varint(&m->scratch, LABEL_KEY, m->keys[key]);
	protobuf_put_varint(&m->scratch, LABEL_STR, text);
	protobuf_close(&m->scratch, mark);
}

static void put_number_label(struct message *m, uint32_t key, uint64_t number, uint32_t unit)
{
	size_t mark = protobuf_open(&m->scratch, SAMPLE_LABEL);

	protobuf_put_varint(&m->scratch, LABEL_KEY, m->keys[key]);
	protobuf_put_varint(&m->scratch, LABEL_NUM, number);
	protobuf_put_varint(&m->scratch, LABEL_NUM_UNIT, unit);
	protobuf_close(&m->scratch, mark);
}

static void put_labels(struct message *m, uint32_t owner)
{
	struct table_owner o;

	if (owner == 0)
		return;
	tables_row(m->tables, TABLE_OWNERS, owner, &o);
	if (o.pid)
		put_number_label(m, KEY_PID, o.pid, 0);
	if (o.tid)
		put_number_label(m, KEY_TID, o.tid, 0);
	put_text_label(m, KEY_COMM, o.comm);
	put_text_label(m, KEY_THREAD_COMM, o.thread_comm);
	put_text_label(m, KEY_CONTAINER, o.container);
	if (o.cpu)
		put_number_label(m, KEY_CPU, o.cpu - 1, 0);
	if (o.time_ns)
		put_number_label(m, KEY_TIME, o.time_ns, m->nanoseconds);
}

static uint64_t as_signed(uint64_t value)
{
	return value < INT64_MAX ? value : INT64_MAX;
}

/* A sample has a value of each type, those of other events are 0. */
static void put_values(struct message *m, const struct table_sample *sample,
		       const struct table_weight *weight)
{
	size_t mark = protobuf_open(&m->scratch, SAMPLE_VALUE);

	for (uint32_t i = 0; i < m->types.n; i++) {
		const struct value_type *t = &m->types.rows[i];
		uint64_t value = t->is_period ? weight->period : weight->value;

		protobuf_put_element(&m->scratch, t->event == sample->event ? as_signed(value) : 0);
	}
	protobuf_close(&m->scratch, mark);
}

static void put_location_ids(struct message *m, uint32_t node)
{
	size_t mark = protobuf_open(&m->scratch, SAMPLE_LOCATION_ID);

	while (node) {
		struct table_node row;

		tables_row(m->tables, TABLE_NODES, node, &row);
		protobuf_put_element(&m->scratch, row.location);
		node = row.parent;
	}
	protobuf_close(&m->scratch, mark);
}

static void write_samples(struct message *m)
{
	for (uint32_t i = 1; i < tables_count(m->tables, TABLE_SAMPLES); i++) {
		struct table_sample sample;
		struct table_weight weight;
		size_t mark = protobuf_open(&m->scratch, PROFILE_SAMPLE);

		tables_row(m->tables, TABLE_SAMPLES, i, &sample);
		tables_row(m->tables, TABLE_WEIGHTS, i, &weight);
		put_location_ids(m, sample.node);
		put_values(m, &sample, &weight);
		put_labels(m, sample.owner);
		protobuf_close(&m->scratch, mark);
		message_flush(m);
	}
}

/* ---- what samples refer to ---- */

static void write_mapping(struct message *m, uint32_t i)
{
	const struct mapping_traits *t = &m->traits[i];
	struct table_mapping row;
	size_t mark = protobuf_open(&m->scratch, PROFILE_MAPPING);

	tables_row(m->tables, TABLE_MAPPINGS, i, &row);
	mapping_traits_range(t, m->tables, &row);
	protobuf_put_varint(&m->scratch, MAPPING_ID, i);
	protobuf_put_varint(&m->scratch, MAPPING_MEMORY_START, row.start);
	protobuf_put_varint(&m->scratch, MAPPING_MEMORY_LIMIT, row.limit);
	protobuf_put_varint(&m->scratch, MAPPING_FILE_OFFSET, row.file_offset);
	protobuf_put_varint(&m->scratch, MAPPING_FILENAME, row.filename);
	protobuf_put_varint(&m->scratch, MAPPING_BUILD_ID, row.build_id);
	protobuf_put_varint(&m->scratch, MAPPING_HAS_FUNCTIONS, t->has_functions);
	protobuf_put_varint(&m->scratch, MAPPING_HAS_FILENAMES, t->has_files);
	protobuf_put_varint(&m->scratch, MAPPING_HAS_LINE_NUMBERS, t->has_lines);
	protobuf_put_varint(&m->scratch, MAPPING_HAS_INLINE_FRAMES, t->has_inlined);
	protobuf_close(&m->scratch, mark);
	message_flush(m);
}

/* The program's own come first: mapping[0] is the main binary. */
static void write_mappings(struct message *m)
{
	for (int is_rest = 0; is_rest <= 1; is_rest++)
		for (uint32_t i = 1; i < tables_count(m->tables, TABLE_MAPPINGS); i++) {
			struct table_mapping row;

			tables_row(m->tables, TABLE_MAPPINGS, i, &row);
			if ((row.filename != m->profile->program.exe) == is_rest)
				write_mapping(m, i);
		}
}

static void put_line(struct message *m, const struct table_line *line)
{
	size_t mark = protobuf_open(&m->scratch, LOCATION_LINE);

	protobuf_put_varint(&m->scratch, LINE_FUNCTION_ID, line->function);
	protobuf_put_varint(&m->scratch, LINE_LINE, line->line);
	protobuf_put_varint(&m->scratch, LINE_COLUMN, line->column);
	protobuf_close(&m->scratch, mark);
}

static void write_locations(struct message *m)
{
	for (uint32_t i = 1; i < tables_count(m->tables, TABLE_LOCATIONS); i++) {
		struct table_location row;
		struct table_line line;
		size_t mark = protobuf_open(&m->scratch, PROFILE_LOCATION);

		tables_row(m->tables, TABLE_LOCATIONS, i, &row);
		protobuf_put_varint(&m->scratch, LOCATION_ID, i);
		protobuf_put_varint(&m->scratch, LOCATION_MAPPING_ID, row.mapping);
		protobuf_put_varint(&m->scratch, LOCATION_ADDRESS, row.address);
		for (uint32_t k = row.lines; k; k = line.next) {
			tables_row(m->tables, TABLE_LINES, k, &line);
			put_line(m, &line);
		}
		protobuf_close(&m->scratch, mark);
		message_flush(m);
	}
}

static void write_functions(struct message *m)
{
	for (uint32_t i = 1; i < tables_count(m->tables, TABLE_FUNCTIONS); i++) {
		struct table_function row;
		size_t mark = protobuf_open(&m->scratch, PROFILE_FUNCTION);

		tables_row(m->tables, TABLE_FUNCTIONS, i, &row);
		protobuf_put_varint(&m->scratch, FUNCTION_ID, i);
		protobuf_put_varint(&m->scratch, FUNCTION_NAME, row.name);
		protobuf_put_varint(&m->scratch, FUNCTION_SYSTEM_NAME, row.system_name);
		protobuf_put_varint(&m->scratch, FUNCTION_FILENAME, row.file);
		protobuf_put_varint(&m->scratch, FUNCTION_START_LINE, row.start_line);
		protobuf_close(&m->scratch, mark);
		message_flush(m);
	}
}

/* ---- strings and facts ---- */

/* Strings of a message are UTF-8, or strict readers refuse the whole of it. */
static void put_utf8(struct protobuf *p, const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text;

	for (size_t i = 0, n; i < len; i += n ? n : 1) {
		n = utf8_sequence(at + i, len - i);
		protobuf_put_raw(p, n ? (const char *)at + i : "?", n ? n : 1);
	}
}

static void write_strings(struct message *m)
{
	for (uint32_t i = 0; i < tables_count(m->tables, HEARTH_STRINGS); i++) {
		size_t len, mark = protobuf_open(&m->scratch, PROFILE_STRING_TABLE);
		const char *text = tables_string(m->tables, i, &len);

		put_utf8(&m->scratch, text, len);
		protobuf_close(&m->scratch, mark);
		message_flush(m);
	}
}

/* The format has room for the period of one event: the first that has any. */
static const struct profile_event *event_with_period(const struct profile *p)
{
	for (uint32_t i = 0; i < p->n_events; i++)
		if (p->events[i].period)
			return &p->events[i];
	return &p->events[0];
}

static void write_facts(struct message *m)
{
	const struct profile *p = m->profile;
	const struct profile_event *e = event_with_period(p);
	uint64_t start_ns = p->start_ns < p->end_ns ? p->start_ns : p->end_ns;
	uint32_t preferred = p->n_events && p->events[0].has_period;

	protobuf_put_varint(&m->scratch, PROFILE_TIME_NANOS, start_ns);
	protobuf_put_varint(&m->scratch, PROFILE_DURATION_NANOS, p->end_ns - start_ns);
	if (e->period_type) {
		put_value_type(m, PROFILE_PERIOD_TYPE, e->period_type, e->period_unit);
		protobuf_put_varint(&m->scratch, PROFILE_PERIOD, as_signed(e->period));
	}
	protobuf_put_varint(&m->scratch, PROFILE_DEFAULT_SAMPLE_TYPE, m->types.rows[preferred].type);
	for (uint32_t i = 0; i < m->comments.n; i++)
		protobuf_put_varint(&m->scratch, PROFILE_COMMENT, m->comments.texts[i]);
	message_flush(m);
}

/* ---- the whole ---- */

/* Every string has to be there before the table of strings is written. */
static int message_begin(struct message *m, struct profile *p, const struct hearth_host *h)
{
	m->profile = p;
	m->tables = &p->tables;
	for (uint32_t i = 0; i < N_KEYS; i++)
		m->keys[i] = hearth_flat_intern_string(m->tables, key_names[i]);
	m->nanoseconds = hearth_flat_intern_string(m->tables, "nanoseconds");
	value_types_make(&m->types, p);
	comments_make(&m->comments, p, &m->types, h);
	return m->tables->error ? m->tables->error :
				  mapping_traits_find(m->tables, &m->traits);
}

static void message_put(struct message *m)
{
	for (uint32_t i = 0; i < m->types.n; i++)
		put_value_type(m, PROFILE_SAMPLE_TYPE, m->types.rows[i].type,
			       m->types.rows[i].unit);
	write_samples(m);
	write_mappings(m);
	write_locations(m);
	write_functions(m);
	write_strings(m);
	write_facts(m);
}

static void message_done(struct message *m)
{
	protobuf_done(&m->scratch);
	free(m->traits);
}

int message_write(struct profile *p, const struct hearth_host *h, int level, struct outfile *file)
{
	_cleanup_(message_done) struct message m = { .profile = p };
	_cleanup_free_ struct gzip_out *out = calloc(1, sizeof(*out));
	int r;

	if (!out)
		return -ENOMEM;
	m.out = out;
	r = message_begin(&m, p, h);
	if (r < 0)
		return r;
	r = gzip_out_begin(out, file, level);
	if (r == 0)
		message_put(&m);
	if (gzip_out_end(out) < 0 || r < 0)
		return -ENOMEM;
	return m.scratch.error;
}
