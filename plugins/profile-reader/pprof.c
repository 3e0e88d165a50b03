/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.proto → batches, those of one event after those of another. What samples refer to comes
 * behind them in the file, so the whole is unpacked first, up to a limit that no profile needs and a
 * bomb meets soon.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame_name.h"
#include "common/profile_proto.h"
#include "formats.h"
#include "pprof_events.h"
#include "pprof_frames.h"
#include "pprof_index.h"
#include "pprof_owners.h"

enum {
	MAX_BYTES = 256 << 20,
	READ_BYTES = 256 << 10,
	PAUSE_BYTES = 8 << 20,    /* others have their turn after so much */
	BATCH_FRAMES = 4 << 20,   /* of all stacks of a batch */
	MAX_COMM = 64,
};

struct pprof {
	const struct format_context *context;
	struct draft draft;
	uint8_t *bytes;
	size_t len, capacity;
	struct pprof_index index;
	struct pprof_events events;
	struct pprof_frames frames;
	struct protobuf_reader next; /* of the event that is being read */
	uint32_t event;
	uint64_t n_given;            /* samples, of all events */
	uint64_t n_negative, n_unknown;
	char comm[MAX_COMM];         /* of samples that name none */
	bool is_ready, is_given;
};

/* A message begins with the types of the samples or, in an order that is as good, another field. */
static bool pprof_recognise(const uint8_t *head, size_t n)
{
	struct protobuf_reader r = { head, head + n };
	struct protobuf_field f, inner;

	if (protobuf_next(&r, &f) != 1)
		return false;
	if (f.number > PROFILE_DEFAULT_SAMPLE_TYPE + 1 || f.type != PROTOBUF_BYTES)
		return false;
	if (f.number == PROFILE_STRING_TABLE)
		return protobuf_left(&f.bytes) == 0;
	while (f.number == PROFILE_SAMPLE_TYPE && protobuf_left(&f.bytes))
		if (protobuf_next(&f.bytes, &inner) != 1 || inner.type != PROTOBUF_VARINT || inner.number > 2)
			return false;
	return f.number <= PROFILE_FUNCTION || f.number == PROFILE_PERIOD_TYPE;
}

static void pprof_close(void *reader)
{
	struct pprof *p = reader;

	pprof_frames_done(&p->frames);
	pprof_index_done(&p->index);
	draft_done(&p->draft);
	free(p->bytes);
	free(p);
}

static int pprof_open(const struct format_context *c, void **ret)
{
	struct pprof *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->context = c;
	draft_init(&p->draft);
	*ret = p;
	return 0;
}

/* ---- unpacking ---- */

static int make_room(struct pprof *p)
{
	size_t capacity = p->capacity ? p->capacity * 2 : 4 * READ_BYTES;
	uint8_t *bytes;

	if (p->capacity - p->len >= READ_BYTES)
		return 0;
	if (p->capacity >= MAX_BYTES)
		return warnings_fail(p->context->warnings, "unpacks to more than %d MiB, which is more than "
				     "Hearth reads; pprof -proto with -focus or -show makes it smaller",
				     MAX_BYTES >> 20);
	bytes = realloc(p->bytes, capacity);
	if (!bytes)
		return -ENOMEM;
	p->bytes = bytes;
	p->capacity = capacity;
	return 0;
}

/* 0: all of it is there, or what can be had. */
static int unpack_all(struct pprof *p)
{
	const struct format_context *c = p->context;
	size_t before = p->len;
	ssize_t n;
	int r;

	do {
		if (p->len - before >= PAUSE_BYTES)
			return -EINPROGRESS;
		r = make_room(p);
		if (r < 0)
			return r;
		n = input_read(c->input, p->bytes + p->len, READ_BYTES);
		p->len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	if (n != -EBADMSG)
		return (int)n;
	warnings_add(c->warnings, "the packed data is damaged", "the %s data is damaged or cut off at byte "
		     "%" PRIu64 " of the profile; what comes before is read", input_packing(c->input),
		     input_offset(c->input));
	return 0;
}

/* ---- what there is ---- */

static bool has_string(const struct pprof_index *x, const char *text)
{
	for (uint64_t i = 0; i < x->strings.n; i++) {
		size_t len;
		const char *string = pprof_string(x, i, &len);

		if (len == strlen(text) && memcmp(string, text, len) == 0)
			return true;
	}
	return false;
}

/* A profile whose samples do not tell is of one program, which its first mapping names. */
static void find_comm(struct pprof *p)
{
	const struct pprof_index *x = &p->index;
	struct protobuf_reader r = { x->bytes, x->bytes + x->readable };
	struct protobuf_field f = { .number = 0 };
	char path[4096];
	const char *name;
	size_t len;

	while (f.number != PROFILE_MAPPING)
		if (protobuf_next(&r, &f) != 1)
			return;
	if (has_string(x, "comm"))
		return;
	name = pprof_string(x, pprof_number(f.bytes, MAPPING_FILENAME), &len);
	snprintf(path, sizeof(path), "%.*s", (int)(len < sizeof(path) ? len : 0), name);
	if (path[0] != '[')
		module_base_name(path, p->comm, sizeof(p->comm));
}

static int refuse_event(struct pprof *p)
{
	char names[256] = "";
	size_t len = 0;

	for (uint32_t i = 0; i < p->events.n && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "",
					p->events.rows[i].name);
	return warnings_fail(p->context->warnings, "has no event %s; it has %s", p->context->event, names);
}

static int choose_events(struct pprof *p)
{
	int wanted;

	pprof_events_find(&p->events, &p->index);
	if (p->index.n_types > PPROF_MAX_TYPES)
		warnings_add(p->context->warnings, "too many types of values", "has %" PRIu64 " types of values; "
			     "the first %d are read", p->index.n_types, PPROF_MAX_TYPES);
	if (!p->context->event)
		return 0;
	wanted = pprof_events_named(&p->events, &p->index, p->context->event);
	if (wanted < 0)
		return refuse_event(p);
	p->events.rows[0] = p->events.rows[wanted];
	p->events.n = 1;
	return 0;
}

static void begin_event(struct pprof *p)
{
	p->next = (struct protobuf_reader){ p->bytes, p->bytes + p->index.readable };
}

static int make_ready(struct pprof *p)
{
	struct warnings *w = p->context->warnings;
	int r = unpack_all(p);

	if (r < 0)
		return r;
	r = pprof_index_make(&p->index, p->bytes, p->len);
	if (r == -E2BIG)
		return warnings_fail(w, "has more than %d million functions, locations or strings, which is "
				     "more than Hearth reads", PPROF_MAX_ROWS >> 20);
	if (r < 0)
		return r;
	if (p->index.n_types == 0)
		return warnings_fail(w, "does not say what its samples are of: no profile of pprof, or cut off");
	if (p->index.readable < p->len)
		warnings_add(w, "the profile is damaged", "is damaged or cut off at byte %zu of %zu; what comes "
			     "before is read", p->index.readable, p->len);
	r = choose_events(p);
	if (r < 0)
		return r;
	find_comm(p);
	begin_event(p);
	p->is_ready = true;
	return pprof_frames_init(&p->frames, &p->index, p->context->files, &p->draft);
}

/* ---- samples ---- */

/* The values of the event. False: there are none in this sample. */
static bool read_values(struct pprof *p, const struct pprof_event *e, struct protobuf_reader sample,
			struct hearth_sample *s)
{
	struct protobuf_reader list = { NULL, NULL };
	uint64_t value;
	int64_t weight = 0, count = 0;

	for (uint32_t i = 0; pprof_next_number(&sample, &list, SAMPLE_VALUE, &value) == 1; i++) {
		if (i == e->value)
			count = (int64_t)value;
		else if (e->has_weight && i == e->weight)
			weight = (int64_t)value;
	}
	if (count < 0 || weight < 0) {
		p->n_negative++;
		return false;
	}
	s->value = (uint64_t)count;
	if (e->has_weight && (uint64_t)weight != s->value * e->period)
		s->period = (uint64_t)weight;
	return count || weight;
}

static void add_sample(struct pprof *p, const struct pprof_event *e, struct protobuf_reader sample)
{
	struct hearth_sample s = { .value = 0 };
	struct pprof_owner owner;

	if (!read_values(p, e, sample, &s))
		return;
	owner = pprof_owner_read(&p->index, sample, &p->draft, p->comm);
	s.thread = owner.thread;
	s.cpu = owner.cpu;
	s.time_ns = owner.time_ns;
	s.stack = pprof_stack(&p->frames, sample, owner.process);
	hearth_build_sample(&p->draft.builder, &s);
	if (owner.n_unknown) {
		size_t len;
		const char *key = pprof_string(&p->index, owner.unknown_key, &len);

		p->n_unknown += owner.n_unknown;
		warnings_add(p->context->warnings, "a label was left out", "has labels that batches have no "
			     "place for, such as \"%.*s\"; they are left out", (int)(len < 64 ? len : 64), key);
	}
}

static uint32_t add_string(struct pprof *p, uint64_t number)
{
	size_t len;
	const char *text = pprof_string(&p->index, number, &len);

	return hearth_flat_string_n(&p->draft.builder, text, len);
}

/* The clocks are made one: what is known is real time. */
static int give_batch(struct pprof *p, const struct pprof_event *e, struct draft **ret)
{
	struct hearth_flat_builder *b = &p->draft.builder;
	struct hearth_profile_info info = {
		.event = hearth_flat_intern_string(b, e->name),
		.sample_type = add_string(p, e->type),
		.sample_unit = add_string(p, e->unit),
		.period_type = add_string(p, e->period_type),
		.period_unit = add_string(p, e->period_unit),
		.period = e->period,
		.window_start_ns = p->index.time_nanos,
		.window_end_ns = p->index.time_nanos + p->index.duration_nanos,
		.clock_monotonic_ns = p->index.time_nanos,
		.clock_realtime_ns = p->index.time_nanos,
		.samples_taken = b->n_items,
	};

	hearth_build_info(b, &info);
	p->n_given += b->n_items;
	p->is_given = true;
	*ret = &p->draft;
	return b->error ? b->error : 1;
}

static void begin_batch(struct pprof *p)
{
	draft_reset(&p->draft);
	pprof_frames_reset(&p->frames);
	p->is_given = false;
}

static bool is_full(const struct pprof *p)
{
	const struct hearth_flat_builder *b = &p->draft.builder;

	return b->n_items >= FORMAT_BATCH_SAMPLES || b->error ||
	       b->rows[HEARTH_PROFILE_STACK_FRAMES].count >= BATCH_FRAMES;
}

/* True: the batch is full; false: the event is over. */
static bool fill_batch(struct pprof *p, const struct pprof_event *e)
{
	struct protobuf_field f;

	while (!is_full(p)) {
		if (protobuf_next(&p->next, &f) != 1)
			return false;
		if (f.number == PROFILE_SAMPLE && f.type == PROTOBUF_BYTES)
			add_sample(p, e, f.bytes);
	}
	return true;
}

static void tell_what_is_missing(struct pprof *p)
{
	struct warnings *w = p->context->warnings;

	if (p->n_negative)
		warnings_add(w, "negative values", "%" PRIu64 " values are negative, as in a comparison "
			     "(pprof -base), and are left out", p->n_negative);
	if (p->frames.n_lost)
		warnings_add(w, "references that lead nowhere", "%" PRIu64 " references to locations, functions "
			     "or mappings lead nowhere; such frames have no name", p->frames.n_lost);
}

static int pprof_read(void *reader, struct draft **ret)
{
	struct pprof *p = reader;
	int r = p->is_ready ? 0 : make_ready(p);

	if (r < 0)
		return r;
	if (p->is_given)
		begin_batch(p);
	while (p->event < p->events.n) {
		const struct pprof_event *e = &p->events.rows[p->event];

		if (!fill_batch(p, e)) {
			p->event++;
			begin_event(p);
		}
		if (p->draft.builder.n_items || p->draft.builder.error)
			return give_batch(p, e, ret);
	}
	tell_what_is_missing(p);
	return p->n_given ? 0 : warnings_fail(p->context->warnings, "holds no sample with a value");
}

const struct format pprof_format = {
	.name = "pprof",
	.recognise = pprof_recognise,
	.open = pprof_open,
	.read = pprof_read,
	.close = pprof_close,
};
