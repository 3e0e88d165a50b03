/* SPDX-License-Identifier: Apache-2.0 */
/* hearth.metrics/1: named numbers with unit, kind and attributes, in hearth/flat.h. */
#ifndef HEARTH_METRICS_H
#define HEARTH_METRICS_H

#include <hearth/flat.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_METRICS_SCHEMA "hearth.metrics/1"

enum {
	HEARTH_METRICS_POINTS = 2,     /* struct hearth_metric_point; has no row 0 of zeros */
	HEARTH_METRICS_ATTRIBUTES = 3, /* struct hearth_metric_attribute, referred to by ranges */
};

/* hearth_metric_point.kind */
enum {
	HEARTH_METRIC_GAUGE = 1,      /* a value at end_ns */
	HEARTH_METRIC_DELTA = 2,      /* what was added between start_ns and end_ns */
	HEARTH_METRIC_CUMULATIVE = 3, /* what was added since start_ns, monotonic */
};

struct hearth_metric_point {
	uint32_t name, unit;  /* strings; the unit in UCUM: "1", "By", "{cycle}" */
	uint32_t kind, flags;
	uint64_t start_ns, end_ns; /* CLOCK_REALTIME */
	double value;
	uint32_t first_attribute, n_attributes;
	uint32_t description, reserved; /* string */
};

struct hearth_metric_attribute {
	uint32_t key, value; /* strings */
};

static inline struct hearth_metric_point hearth_metrics_point(const struct hearth_flat *f,
							       uint64_t i)
{
	struct hearth_metric_point row;

	hearth_flat_row(f, HEARTH_METRICS_POINTS, i, &row, sizeof(row));
	return row;
}

static inline struct hearth_metric_attribute
hearth_metrics_attribute(const struct hearth_flat *f, const struct hearth_metric_point *p, uint32_t i)
{
	struct hearth_metric_attribute row;

	hearth_flat_row(f, HEARTH_METRICS_ATTRIBUTES,
			i < p->n_attributes ? (uint64_t)p->first_attribute + i : UINT64_MAX, &row,
			sizeof(row));
	return row;
}

static inline int32_t hearth_metrics_open(struct hearth_flat *f, const struct hearth_batch *b)
{
	return strcmp(b->schema, HEARTH_METRICS_SCHEMA) == 0 ? hearth_flat_open(f, b) : -EBADMSG;
}

#ifdef __cplusplus
}
#endif
#endif
