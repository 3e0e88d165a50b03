/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table per kind of unit serves reading and writing. Numbers are decimal fractions of at most
 * nine digits behind the point, multiplied in 128 bits: no floating point, no rounding.
 */
#include "config/units.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include <hearth/plugin.h>

#include "util/buf.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/str.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit durations[] = {
	{"d", 86400 * NS_PER_S}, {"h", 3600 * NS_PER_S}, {"m", 60 * NS_PER_S}, {"s", NS_PER_S},
	{"ms", NS_PER_MS},       {"us", NS_PER_US},      {"ns", 1},
};

/* The binary ones first: units_format() takes the first that divides. */
static const struct unit sizes[] = {
	{"TiB", 1ull << 40}, {"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10},
	{"TB", 1000000000000}, {"GB", 1000000000}, {"MB", 1000000}, {"kB", 1000}, {"KB", 1000},
	{"B", 1},
};

struct decimal {
	uint64_t digits; /* the number times 10^n_fraction */
	unsigned int n_fraction;
};

static const uint64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
				  1000000000};

static int digits_read(const char **s, uint64_t *value, unsigned int *ret_n)
{
	unsigned int n = 0;

	for (; **s >= '0' && **s <= '9'; (*s)++, n++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(**s - '0'), value))
			return -ERANGE;
	*ret_n = n;
	return n ? 0 : -EINVAL;
}

static int decimal_read(const char **s, struct decimal *ret)
{
	struct decimal d = {};
	unsigned int n;
	int r;

	r = digits_read(s, &d.digits, &n);
	if (r == 0 && **s == '.') {
		(*s)++;
		r = digits_read(s, &d.digits, &d.n_fraction);
	}
	if (r < 0)
		return r;
	if (d.n_fraction >= ARRAY_SIZE(powers))
		return -EINVAL;
	*ret = d;
	return 0;
}

/* Adds d × factor to *sum. */
static int decimal_add(const struct decimal *d, uint64_t factor, int64_t *sum)
{
	unsigned __int128 product = (unsigned __int128)d->digits * factor;

	if (product % powers[d->n_fraction])
		return -EINVAL;
	product /= powers[d->n_fraction];
	if (product > INT64_MAX || __builtin_add_overflow(*sum, (int64_t)product, sum))
		return -ERANGE;
	return 0;
}

/* The unit that stands at *s and ends before the next digit; *ret_i is its place in the table. */
static int unit_read(const char **s, const struct unit *units, size_t n, size_t *ret_i)
{
	size_t len = strcspn(*s, "0123456789");

	for (size_t i = 0; i < n; i++)
		if (strlen(units[i].name) == len && strncmp(*s, units[i].name, len) == 0) {
			*s += len;
			*ret_i = i;
			return 0;
		}
	return -EINVAL;
}

int units_parse_int(const char *text, int64_t *ret)
{
	bool is_negative = *text == '-';
	const char *s = text + is_negative;
	uint64_t value = 0;
	unsigned int n;
	int r;

	r = digits_read(&s, &value, &n);
	/* "12x" is no number, however large 12 is. */
	if (s[strspn(s, "0123456789")])
		return -EINVAL;
	if (r < 0)
		return r;
	if (value > (uint64_t)INT64_MAX + is_negative)
		return -ERANGE;
	*ret = is_negative ? (int64_t)(0 - value) : (int64_t)value;
	return 0;
}

int units_parse_bool(const char *text, bool *ret)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(text, words[i]) == 0) {
			*ret = i % 2;
			return 0;
		}
	return -EINVAL;
}

int units_parse_duration(const char *text, int64_t *ret_ns)
{
	const char *s = text;
	size_t from = 0; /* units that may still follow */
	int64_t sum = 0;

	do {
		struct decimal d;
		size_t i;
		int r = decimal_read(&s, &d);

		if (r < 0)
			return r;
		if (!*s && from == 0) {
			r = decimal_add(&d, NS_PER_S, &sum);
		} else {
			r = unit_read(&s, durations + from, ARRAY_SIZE(durations) - from, &i);
			if (r < 0)
				return r;
			r = decimal_add(&d, durations[from + i].factor, &sum);
			from += i + 1;
		}
		if (r < 0)
			return r;
	} while (*s);
	*ret_ns = sum;
	return 0;
}

int units_parse_bytes(const char *text, int64_t *ret_bytes)
{
	const char *s = text;
	struct decimal d;
	int64_t sum = 0;
	size_t i = ARRAY_SIZE(sizes) - 1;
	int r;

	r = decimal_read(&s, &d);
	if (r == 0 && *s)
		r = unit_read(&s, sizes, ARRAY_SIZE(sizes), &i);
	if (r == 0 && *s)
		r = -EINVAL;
	if (r == 0)
		r = decimal_add(&d, sizes[i].factor, &sum);
	if (r < 0)
		return r;
	*ret_bytes = sum;
	return 0;
}

int units_parse_percent(const char *text, int64_t *ret_millionths)
{
	const char *s = text;
	struct decimal d;
	int64_t sum = 0;
	int r;

	r = decimal_read(&s, &d);
	if (r < 0)
		return r;
	if (!str_equal(s, "%"))
		return -EINVAL;
	r = decimal_add(&d, 10000, &sum);
	if (r < 0)
		return r;
	*ret_millionths = sum;
	return 0;
}

static int duration_format(int64_t ns, struct buf *out)
{
	uint64_t left = (uint64_t)ns;

	if (left == 0)
		return buf_append_string(out, "0s");
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
		if (left / durations[i].factor)
			(void)buf_printf(out, "%llu%s",
					 (unsigned long long)(left / durations[i].factor),
					 durations[i].name);
		left %= durations[i].factor;
	}
	return out->error;
}

static int bytes_format(int64_t bytes, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes) - 1; i++)
		if (bytes && (uint64_t)bytes % sizes[i].factor == 0)
			return buf_printf(out, "%llu%s",
					  (unsigned long long)bytes / sizes[i].factor,
					  sizes[i].name);
	return buf_printf(out, "%lld", (long long)bytes);
}

static int percent_format(int64_t millionths, struct buf *out)
{
	uint64_t whole = (uint64_t)millionths / 10000, rest = (uint64_t)millionths % 10000;
	int width = 4;

	if (rest == 0)
		return buf_printf(out, "%llu%%", (unsigned long long)whole);
	for (; rest % 10 == 0; rest /= 10)
		width--;
	return buf_printf(out, "%llu.%0*llu%%", (unsigned long long)whole, width,
			  (unsigned long long)rest);
}

int units_format(uint32_t type, int64_t number, struct buf *out)
{
	if (type == HEARTH_BOOL)
		return buf_append_string(out, number ? "true" : "false");
	/* Negative durations and sizes cannot be written; a table's bound may be one. */
	if (type == HEARTH_DURATION && number >= 0)
		return duration_format(number, out);
	if (type == HEARTH_BYTES && number >= 0)
		return bytes_format(number, out);
	if (type == HEARTH_PERCENT && number >= 0)
		return percent_format(number, out);
	return buf_printf(out, "%lld", (long long)number);
}
