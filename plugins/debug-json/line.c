/* SPDX-License-Identifier: Apache-2.0 */
/* What every object begins with, and the payloads that are a few fields each. */
#include "line.h"

#include <errno.h>
#include <string.h>

#include <hearth/artifact.h>
#include <hearth/metrics.h>
#include <hearth/profile.h>
#include <hearth/receipt.h>

#include "line_internal.h"

void line_string(struct json_text *j, const char *key, const struct hearth_flat *f, uint32_t index)
{
	json_member_string(j, key, hearth_flat_string(f, index));
}

static const char *metric_kind(uint32_t kind)
{
	switch (kind) {
	case HEARTH_METRIC_GAUGE:
		return "gauge";
	case HEARTH_METRIC_DELTA:
		return "delta";
	case HEARTH_METRIC_CUMULATIVE:
		return "cumulative";
	default:
		return "unknown";
	}
}

static void write_point(struct json_text *j, const struct hearth_flat *f, uint64_t i)
{
	struct hearth_metric_point p = hearth_metrics_point(f, i);
	uint64_t n = hearth_flat_count(f, HEARTH_METRICS_ATTRIBUTES);

	json_open(j, '{');
	line_string(j, "name", f, p.name);
	line_string(j, "unit", f, p.unit);
	json_put_key(j, "kind");
	json_put_string(j, metric_kind(p.kind));
	json_put_key(j, "value");
	json_put_number(j, p.value);
	json_member_uint(j, "start_ns", p.start_ns);
	json_member_uint(j, "end_ns", p.end_ns);
	json_put_key(j, "attributes");
	json_open(j, '{');
	for (uint32_t k = 0; k < p.n_attributes && p.first_attribute + (uint64_t)k < n; k++) {
		struct hearth_metric_attribute a = hearth_metrics_attribute(f, &p, k);

		json_put_key(j, hearth_flat_string(f, a.key));
		json_put_string(j, hearth_flat_string(f, a.value));
	}
	json_close(j, '}');
	json_close(j, '}');
}

int line_metrics(struct json_text *j, const struct hearth_batch *b)
{
	struct hearth_flat f;
	int r;

	r = hearth_metrics_open(&f, b);
	if (r < 0)
		return r;
	json_put_key(j, "points");
	json_open(j, '[');
	for (uint64_t i = 0; i < hearth_flat_count(&f, HEARTH_METRICS_POINTS); i++)
		write_point(j, &f, i);
	json_close(j, ']');
	return 0;
}

int line_artifact(struct json_text *j, const struct hearth_batch *b)
{
	struct hearth_artifact_row row;
	struct hearth_flat f;
	int r;

	r = hearth_artifact_open(&f, b);
	if (r < 0)
		return r;
	row = hearth_artifact(&f);
	line_string(j, "path", &f, row.path);
	line_string(j, "media_type", &f, row.media_type);
	line_string(j, "description", &f, row.description);
	json_member_uint(j, "bytes", row.size);
	json_put_key(j, "sha256");
	json_put_hex(j, row.sha256, sizeof(row.sha256));
	json_member_uint(j, "window_start_ns", row.window_start_ns);
	json_member_uint(j, "window_end_ns", row.window_end_ns);
	return 0;
}

static const char *receipt_state(uint32_t state)
{
	switch (state) {
	case HEARTH_RECEIPT_DELIVERED:
		return "delivered";
	case HEARTH_RECEIPT_QUEUED:
		return "queued";
	case HEARTH_RECEIPT_FAILED:
		return "failed";
	default:
		return "unknown";
	}
}

int line_receipt(struct json_text *j, const struct hearth_batch *b)
{
	struct hearth_receipt_row row;
	struct hearth_flat f;
	int r;

	r = hearth_receipt_open(&f, b);
	if (r < 0)
		return r;
	row = hearth_receipt(&f);
	json_put_key(j, "state");
	json_put_string(j, receipt_state(row.state));
	line_string(j, "path", &f, row.path);
	line_string(j, "url", &f, row.url);
	line_string(j, "error", &f, row.error);
	json_put_key(j, "sha256");
	json_put_hex(j, row.sha256, sizeof(row.sha256));
	json_member_uint(j, "time_ns", row.time_ns);
	return 0;
}

static int line_payload(struct json_text *j, const struct hearth_batch *b, bool with_samples)
{
	if (strcmp(b->schema, HEARTH_PROFILE_SCHEMA) == 0)
		return line_profile(j, b, with_samples);
	if (strcmp(b->schema, HEARTH_METRICS_SCHEMA) == 0)
		return line_metrics(j, b);
	if (strcmp(b->schema, HEARTH_ARTIFACT_SCHEMA) == 0)
		return line_artifact(j, b);
	if (strcmp(b->schema, HEARTH_RECEIPT_SCHEMA) == 0)
		return line_receipt(j, b);
	return -EBADMSG;
}

int line_from_batch(struct json_text *j, const struct hearth_batch *b, bool with_samples)
{
	int r;

	json_open(j, '{');
	json_put_key(j, "schema");
	json_put_string(j, b->schema);
	json_put_key(j, "instance");
	json_put_string(j, b->instance);
	json_member_string(j, "run", b->run);
	json_member_uint(j, "sequence", b->sequence);
	r = line_payload(j, b, with_samples);
	json_close(j, '}');
	return r < 0 ? r : j->error;
}
