/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of the mock host: "name=value" text against a component's table, by the rules of
 * hearth/plugin.h in short. SECRET_FILE takes the content itself, so that a test needs no file.
 */
#ifndef HEARTH_MOCK_OPTIONS_H
#define HEARTH_MOCK_OPTIONS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_MOCK_MAX_ITEMS 32u /* of one list or map */

struct hearth_mock_option {
	struct hearth_option row;
	int32_t is_set;
	uint32_t n_items;
	int64_t number;
	char *text; /* STRING, CHOICE, SECRET_FILE; items of lists and maps point into it */
	const char *items[HEARTH_MOCK_MAX_ITEMS + 1]; /* LIST, NULL-ended */
	struct hearth_label pairs[HEARTH_MOCK_MAX_ITEMS];
};

/* A mock that runs out of memory ends the test: the code under test is not at fault. */
static inline void *hearth_mock_alloc_(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

static inline char *hearth_mock_copy_(const char *s)
{
	size_t n = strlen(s) + 1;

	return (char *)memcpy(hearth_mock_alloc_(n), s, n);
}

static inline int64_t hearth_mock_unit_(uint32_t type, const char *unit)
{
	static const struct { const char *name; uint32_t type; int64_t factor; } units[] = {
		{ "ns", HEARTH_DURATION, 1 }, { "us", HEARTH_DURATION, 1000 },
		{ "ms", HEARTH_DURATION, 1000000 }, { "s", HEARTH_DURATION, 1000000000 },
		{ "", HEARTH_DURATION, 1000000000 }, { "m", HEARTH_DURATION, 60000000000 },
		{ "h", HEARTH_DURATION, 3600000000000 }, { "d", HEARTH_DURATION, 86400000000000 },
		{ "", HEARTH_BYTES, 1 }, { "B", HEARTH_BYTES, 1 },
		{ "kB", HEARTH_BYTES, 1000 }, { "MB", HEARTH_BYTES, 1000000 },
		{ "GB", HEARTH_BYTES, 1000000000 }, { "KiB", HEARTH_BYTES, 1 << 10 },
		{ "MiB", HEARTH_BYTES, 1 << 20 }, { "GiB", HEARTH_BYTES, 1 << 30 },
		{ "%", HEARTH_PERCENT, 10000 }, { "", HEARTH_INT, 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].type == type && strcmp(units[i].name, unit) == 0)
			return units[i].factor;
	return -1;
}

/* "1h30m", "64MiB", "0.5%", "19": a sum of numbers with units. */
static inline int32_t hearth_mock_number_(uint32_t type, const char *s, int64_t *ret)
{
	double sum = 0;

	do {
		char unit[8] = "", *end;
		double value = strtod(s, &end);
		size_t n = strcspn(end, "0123456789.");
		int64_t factor;

		if (end == s || n >= sizeof(unit))
			return -EINVAL;
		memcpy(unit, end, n);
		factor = hearth_mock_unit_(type, unit);
		if (factor < 0)
			return -EINVAL;
		sum += value * (double)factor;
		s = end + n;
	} while (*s);
	*ret = (int64_t)sum;
	return 0;
}

/* "a, b" or "[a, b]" cut in place. */
static inline int32_t hearth_mock_split_(struct hearth_mock_option *o)
{
	char *s = o->text, *next, *eq;

	for (; s && *s; s = next) {
		s += strspn(s, " [{");
		next = strchr(s, ',');
		if (next)
			*next++ = 0;
		s[strcspn(s, "]}")] = 0;
		if (!*s)
			continue;
		if (o->n_items == HEARTH_MOCK_MAX_ITEMS)
			return -E2BIG;
		o->items[o->n_items] = s;
		if (o->row.type == HEARTH_MAP) {
			eq = s + strcspn(s, "=:");
			if (!*eq)
				return -EINVAL;
			*eq++ = 0;
			o->pairs[o->n_items].key = s;
			o->pairs[o->n_items].value = eq + strspn(eq, " ");
		}
		o->n_items++;
	}
	return 0;
}

static inline int32_t hearth_mock_is_choice_(const char *choices, const char *value)
{
	size_t n = strlen(value);

	while (choices) {
		if (strncmp(choices, value, n) == 0 && (choices[n] == '|' || choices[n] == 0))
			return 1;
		choices = strchr(choices, '|');
		choices += choices != NULL;
	}
	return 0;
}

static inline void hearth_mock_option_done_(struct hearth_mock_option *o)
{
	struct hearth_option row = o->row;

	free(o->text);
	memset(o, 0, sizeof(*o));
	o->row = row;
}

/* NULL unsets. -EINVAL: not of the option's type, or out of its range. */
static inline int32_t hearth_mock_parse_(struct hearth_mock_option *o, const char *value)
{
	const struct hearth_option *row = &o->row;

	hearth_mock_option_done_(o);
	if (!value)
		return 0;
	o->is_set = 1;
	o->text = hearth_mock_copy_(value);
	switch (row->type) {
	case HEARTH_BOOL:
		o->number = strcmp(value, "true") == 0 || strcmp(value, "yes") == 0;
		return 0;
	case HEARTH_CHOICE:
		return hearth_mock_is_choice_(row->choices, value) ? 0 : -EINVAL;
	case HEARTH_LIST:
	case HEARTH_MAP:
		return hearth_mock_split_(o);
	case HEARTH_STRING:
	case HEARTH_SECRET_FILE:
		return 0;
	default:
		break;
	}
	if (hearth_mock_number_(row->type, value, &o->number) < 0)
		return -EINVAL;
	if ((row->min || row->max) && (o->number < row->min || o->number > row->max))
		return -EINVAL;
	return 0;
}

#ifdef __cplusplus
}
#endif
#endif
