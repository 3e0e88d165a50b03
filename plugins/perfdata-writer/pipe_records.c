/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts: struct perf_record_header_attr and its neighbours in tools/lib/perf/include/perf/event.h. */
#include "pipe_records.h"

#include <string.h>

#include "common/cleanup.h"
#include "common/perf_format.h"

/* Those that are of the whole file, or of its end, have no place in a stream. */
static bool is_for_files(uint32_t feature)
{
	return feature == PERF_FEATURE_BUILD_ID || feature == PERF_FEATURE_EVENT_DESC ||
	       feature == PERF_FEATURE_SAMPLE_TIME;
}

static void put_feature(struct encoder *e, uint64_t id, const void *payload, size_t len)
{
	encode_begin(e, PERF_FILE_HEADER_FEATURE, 0);
	encode_put(e, &id, sizeof(id));
	if (len)
		encode_put(e, payload, len);
	encode_end(e);
}

static void put_name(struct encoder *e, const struct event *event)
{
	static const uint64_t type = PERF_EVENT_UPDATE_NAME, zeros;
	size_t len = strlen(event->name);

	encode_begin(e, PERF_FILE_EVENT_UPDATE, 0);
	encode_put(e, &type, sizeof(type));
	encode_put(e, &event->id, sizeof(event->id));
	encode_put(e, event->name, len);
	encode_put(e, &zeros, 8 - len % 8);
	encode_end(e);
}

static void put_attr(struct encoder *e, const struct event *event)
{
	uint8_t attr[PERF_FILE_ATTR_BYTES];

	event_write_attr(event, attr);
	encode_begin(e, PERF_FILE_HEADER_ATTR, 0);
	encode_put(e, attr, sizeof(attr));
	encode_put(e, &event->id, sizeof(event->id));
	encode_end(e);
}

void pipe_records_put_event(struct encoder *e, const struct event *event)
{
	put_attr(e, event);
	put_name(e, event);
}

int pipe_records_begin(struct recorder *r, const struct event *first, const char *instance)
{
	static const uint64_t header[2] = { PERF_FILE_MAGIC, sizeof(header) };
	_cleanup_(features_done) struct features f = { .n = 0 };
	_cleanup_(encoder_done) struct encoder kernel = r->out;
	int q = recorder_features(r, instance, &f);

	r->out = (struct encoder){ .bytes = NULL };
	encode_put(&r->out, header, sizeof(header));
	put_attr(&r->out, first);
	for (uint32_t i = 0; q == 0 && i < f.n; i++)
		if (!is_for_files(f.rows[i].id))
			put_feature(&r->out, f.rows[i].id, f.bytes.bytes + f.rows[i].at, f.rows[i].len);
	put_feature(&r->out, PERF_FEATURE_END, NULL, 0);
	put_name(&r->out, first);
	encode_put(&r->out, kernel.bytes, kernel.len);
	return q < 0 ? q : r->out.error;
}
