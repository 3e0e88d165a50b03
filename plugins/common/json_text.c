/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library that builds a tree first would cost memory in proportion to a flame graph and time in
 * proportion to every batch; plugins only ever write JSON front to back.
 */
#include "common/json_text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

static char *json_reserve(struct json_text *j, size_t n)
{
	size_t capacity = j->capacity ? j->capacity : 512;
	char *p;

	if (j->error)
		return NULL;
	while (capacity - j->len <= n)
		capacity *= 2;
	if (capacity == j->capacity)
		return j->text + j->len;
	p = realloc(j->text, capacity);
	if (!p) {
		json_text_done(j);
		j->error = -ENOMEM;
		return NULL;
	}
	j->text = p;
	j->capacity = capacity;
	return p + j->len;
}

void json_put_raw(struct json_text *j, const char *s, size_t n)
{
	char *p = json_reserve(j, n);

	if (!p)
		return;
	memcpy(p, s, n);
	p[n] = 0;
	j->len += n;
}

static void json_value(struct json_text *j, const char *s, size_t n)
{
	if (j->needs_comma)
		json_put_raw(j, ",", 1);
	json_put_raw(j, s, n);
	j->needs_comma = true;
}

void json_open(struct json_text *j, char bracket)
{
	json_value(j, &bracket, 1);
	j->needs_comma = false;
}

void json_close(struct json_text *j, char bracket)
{
	json_put_raw(j, &bracket, 1);
	j->needs_comma = true;
}

void json_put_key(struct json_text *j, const char *key)
{
	json_put_string(j, key);
	json_put_raw(j, ":", 1);
	j->needs_comma = false;
}

static bool is_plain(const unsigned char *s, size_t n)
{
	if (n == 1)
		return *s >= 0x20 && *s < 0x7f && !strchr("\"\\<>&", *s);
	return n > 1 && !(n == 3 && s[0] == 0xe2 && s[1] == 0x80 && (s[2] & 0xfe) == 0xa8);
}

static void json_escape(struct json_text *j, const unsigned char *s, size_t n)
{
	char text[8];

	if (n == 0)
		snprintf(text, sizeof(text), "\\ufffd");
	else if (n == 3)
		snprintf(text, sizeof(text), "\\u20%02x", s[2] & 0x3f);
	else
		snprintf(text, sizeof(text), "\\u%04x", *s);
	json_put_raw(j, text, 6);
}

void json_put_string(struct json_text *j, const char *string)
{
	const unsigned char *s = (const unsigned char *)string, *end = s + strlen(string);

	json_value(j, "\"", 1);
	while (s < end) {
		const unsigned char *start = s;
		size_t n = 0;

		while (s < end && (n = utf8_sequence(s, (size_t)(end - s)), is_plain(s, n)))
			s += n;
		json_put_raw(j, (const char *)start, (size_t)(s - start));
		if (s < end) {
			json_escape(j, s, n);
			s += n ? n : 1;
		}
	}
	json_put_raw(j, "\"", 1);
}

void json_put_uint(struct json_text *j, uint64_t value)
{
	char text[24];

	json_value(j, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, value));
}

void json_put_number(struct json_text *j, double value)
{
	char text[32];

	if (isfinite(value))
		json_value(j, text, (size_t)snprintf(text, sizeof(text), "%.15g", value));
	else
		json_put_null(j);
}

void json_put_bool(struct json_text *j, bool value)
{
	json_value(j, value ? "true" : "false", value ? 4 : 5);
}

void json_put_null(struct json_text *j)
{
	json_value(j, "null", 4);
}

void json_put_hex(struct json_text *j, const uint8_t *bytes, size_t n)
{
	json_value(j, "\"", 1);
	for (size_t i = 0; i < n; i++) {
		char text[3];

		snprintf(text, sizeof(text), "%02x", bytes[i]);
		json_put_raw(j, text, 2);
	}
	json_put_raw(j, "\"", 1);
}

void json_member_string(struct json_text *j, const char *key, const char *s)
{
	json_put_key(j, key);
	if (s && *s)
		json_put_string(j, s);
	else
		json_put_null(j);
}

void json_member_uint(struct json_text *j, const char *key, uint64_t value)
{
	json_put_key(j, key);
	json_put_uint(j, value);
}

void json_text_reset(struct json_text *j)
{
	j->len = 0;
	j->needs_comma = false;
	j->error = 0;
}

void json_text_done(struct json_text *j)
{
	free(j->text);
	*j = (struct json_text){ 0 };
}
