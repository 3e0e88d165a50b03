/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perf.data, as files and as what `perf record -o -` writes: header, records, order by time, samples.
 *
 * A window of the recording ends with FORMAT_BATCH_SAMPLES samples of all events together, and gives
 * one batch per event.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "formats.h"
#include "perf_reader.h"

/* Records of one call: enough for any batch, and a second's work at most. */
enum { RECORDS_PER_CALL = 4 << 20 };

static bool perf_recognise(const uint8_t *head, size_t n)
{
	static const char *const magics[] = { "PERFILE2", "2ELIFREP", "PERFFILE" };

	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (n >= 8 && memcmp(head, magics[i], 8) == 0)
			return true;
	return false;
}

/* ---- beginning ---- */

/* What is packed and cut off ends where it can no more be unpacked. */
static ssize_t read_input(void *ctx, void *buf, size_t n)
{
	struct perf_reader *p = ctx;
	ssize_t got = input_read(p->context.input, buf, n);

	if (got != -EBADMSG)
		return got;
	p->is_damaged = true;
	warnings_add(p->context.warnings, "packed data", "the %s data is damaged or cut off; it could be "
		     "unpacked up to byte %llu", input_packing(p->context.input),
		     (unsigned long long)input_offset(p->context.input));
	return 0;
}

static void perf_close(void *reader)
{
	struct perf_reader *p = reader;

	for (uint32_t i = 0; i < p->n_windows; i++)
		perf_window_free(p->windows[i]);
	free(p->windows);
	dwarf_stacks_free(p->stacks);
	perf_order_done(&p->order);
	perf_packed_done(&p->packed);
	perf_stream_done(&p->file);
	perf_blocks_free(p->blocks);
	perf_tasks_done(&p->tasks);
	perf_facts_done(&p->facts);
	perf_events_done(&p->events);
	free(p);
}

static int perf_open(const struct format_context *c, void **ret)
{
	struct perf_reader *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->context = *c;
	p->blocks = perf_blocks_new();
	if (!p->blocks || perf_tasks_init(&p->tasks, &p->facts, c->files, c->warnings) < 0) {
		free(p->blocks);
		free(p);
		return -ENOMEM;
	}
	perf_stream_init(&p->file, p->blocks, read_input, p);
	*ret = p;
	return 0;
}

static int begin_seekable(struct perf_reader *p, uint64_t size)
{
	struct perf_parts parts = { .input = p->context.input };
	int r;

	if (p->header.file.data.offset > size)
		return warnings_fail(p->context.warnings, "cut off at byte %llu, before its records",
				     (unsigned long long)size);
	r = perf_header_read_events(&p->header, &parts, &p->events, p->context.warnings);
	if (r == 0)
		r = perf_header_read_features(&p->header, &parts, &p->events, &p->facts);
	if (r == 0)
		input_seek(p->context.input, p->header.file.data.offset);
	p->file.offset = p->header.file.data.offset;
	return r;
}

/* The features come too late then: names of events are those of their numbers. */
static int begin_streaming(struct perf_reader *p)
{
	uint64_t n = p->header.file.data.offset;
	struct perf_parts parts = { .n_prefix = n };
	_cleanup_free_ uint8_t *prefix = NULL;
	int r;

	if (n > PERF_PREFIX_MAX_BYTES)
		return warnings_fail(p->context.warnings, "its header says that the records begin at byte %llu; such "
				     "a file can only be read plain, by its name", (unsigned long long)n);
	prefix = malloc(n ? n : 1);
	if (!prefix)
		return -ENOMEM;
	r = perf_stream_take(&p->file, prefix, n);
	if (r <= 0)
		return r < 0 ? r : warnings_fail(p->context.warnings, "cut off in its header");
	parts.prefix = prefix;
	return perf_header_read_events(&p->header, &parts, &p->events, p->context.warnings);
}

static int begin_records(struct perf_reader *p)
{
	uint8_t magic[PERF_PIPE_HEADER_BYTES];
	uint64_t size;
	int r;

	if (p->header.is_pipe)
		return perf_stream_take(&p->file, magic, sizeof(magic)) < 0 ? -EIO : 0;
	r = input_is_seekable(p->context.input, &size) ? begin_seekable(p, size) : begin_streaming(p);
	if (r < 0)
		return r;
	if (p->header.file.data.size) {
		perf_stream_limit(&p->file, p->header.file.data.size);
		return 0;
	}
	warnings_add(p->context.warnings, "not closed", "its recording was not ended properly, so its header does "
		     "not say where the data ends; what follows is read as far as it makes sense");
	return 0;
}

static int begin(struct perf_reader *p)
{
	uint8_t head[sizeof(struct perf_file_header)];
	ssize_t n = input_peek(p->context.input, head, sizeof(head));
	int r;

	if (n == -EBADMSG)
		return warnings_fail(p->context.warnings, "the packed data is damaged at its beginning");
	r = n < 0 ? (int)n : perf_header_parse(head, (size_t)n, p->context.warnings, &p->header);
	if (r == 0)
		r = begin_records(p);
	p->has_header = r == 0;
	return r;
}

/* ---- records ---- */

static void stop_reading(struct perf_reader *p, const char *why)
{
	p->is_over = true;
	if (!why)
		return;
	p->is_damaged = true;
	warnings_add(p->context.warnings, "cut off", "%s at byte %llu; what comes before is read", why,
		     (unsigned long long)p->file.offset);
}

static int next_record(struct perf_reader *p, struct perf_record *ret)
{
	int r = perf_packed_next(&p->packed, ret);

	if (r == -EBADMSG) {
		stop_reading(p, "compressed records are damaged");
		return 0;
	}
	if (r != -EAGAIN)
		return r;
	r = perf_stream_next(&p->file, ret);
	if (r == -EBADMSG)
		stop_reading(p, "there is no record");
	else if (r == 0 && (perf_stream_rest(&p->file) || (p->file.left && p->file.left != UINT64_MAX)))
		stop_reading(p, "cut off (the last record is incomplete)");
	else if (r == 0)
		stop_reading(p, NULL);
	return r == -EBADMSG ? 0 : r;
}

/* Reads one record, or lets go what is left. 1; 0: there is nothing more; errors. */
static int read_on(struct perf_reader *p)
{
	struct perf_record record;
	int r;

	if (p->is_over) {
		if (p->is_flushed)
			return 0;
		p->is_flushed = true;
		r = perf_order_release_all(&p->order);
		return r < 0 ? r : 1;
	}
	r = next_record(p, &record);
	if (r > 0)
		r = perf_reader_take(p, &record);
	if (r == 0 && perf_blocks_bytes(p->blocks) > PERF_ORDER_BYTES)
		r = perf_order_release_half(&p->order);
	return r < 0 ? r : 1;
}

/* Reads until a window is full or the file ends. 1, or an error. */
static int fill(struct perf_reader *p)
{
	int r = 1;

	for (uint32_t i = 0; i < RECORDS_PER_CALL && r > 0; i++) {
		if (p->n_samples >= FORMAT_BATCH_SAMPLES)
			return 1;
		if (!p->is_held && !perf_order_take(&p->order, &p->held)) {
			r = read_on(p);
			continue;
		}
		r = perf_reader_tell(p, &p->held);
		p->is_held = r == -EBUSY || r == -EINPROGRESS;
		if (r == 0)
			r = 1;
	}
	return r > 0 ? -EINPROGRESS : r == 0 ? 1 : r;
}

/* ---- batches ---- */

/* The next window that has samples. 1; 0: none. */
static int emit_next(struct perf_reader *p, struct draft **ret)
{
	while (p->next_window < p->n_windows) {
		struct perf_window *w = p->windows[p->next_window++];

		if (!w || w->draft.builder.n_items == 0)
			continue;
		perf_window_close(w, &p->facts);
		*ret = &w->draft;
		return 1;
	}
	return 0;
}

static void begin_windows(struct perf_reader *p)
{
	for (uint32_t i = 0; i < p->n_windows; i++)
		if (p->windows[i] && p->windows[i]->draft.builder.n_items)
			perf_window_reset(p->windows[i]);
	perf_tasks_bury(&p->tasks); /* no sample waits to be unwound now */
	p->is_emitting = false;
	p->next_window = 0;
	p->n_samples = 0;
}

static int end_of_file(struct perf_reader *p)
{
	for (uint32_t i = 0; p->context.event && i < p->events.n; i++)
		if (strcmp(p->events.rows[i]->name, p->context.event) == 0)
			return 0;
	if (p->context.event)
		return warnings_fail(p->context.warnings, "has no event \"%s\"; it has %s%s", p->context.event,
				     p->events.n ? p->events.rows[0]->name : "none",
				     p->events.n > 1 ? " and others" : "");
	if (p->events.n == 0)
		return warnings_fail(p->context.warnings, "tells of no event, so nothing of it can be read");
	if (p->n_all == 0)
		warnings_add(p->context.warnings, "no samples", "has no samples");
	return 0;
}

static bool is_at_end(const struct perf_reader *p)
{
	return p->is_flushed && !p->is_held && p->order.next == p->order.ready;
}

static int perf_read(void *reader, struct draft **ret)
{
	struct perf_reader *p = reader;
	int r = p->has_header ? 0 : begin(p);

	if (r < 0)
		return r;
	for (;;) {
		if (p->is_emitting && emit_next(p, ret))
			return 1;
		if (p->is_emitting)
			begin_windows(p);
		if (!p->is_full && is_at_end(p))
			return end_of_file(p);
		r = p->is_full ? 0 : fill(p);
		p->is_full |= r == 1;
		if (r >= 0 && p->stacks)
			r = dwarf_stacks_flush(p->stacks);
		if (r < 0)
			return r;
		p->is_full = false;
		p->is_emitting = true;
	}
}

const struct format perf_format = {
	.name = "perf",
	.recognise = perf_recognise,
	.open = perf_open,
	.read = perf_read,
	.close = perf_close,
};
