/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of other processes on its way out: whatever a thread calls itself, JSON stays JSON and a
 * terminal gets nothing to obey.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "util/buf.h"
#include "util/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_json(const char *text)
{
	struct buf b = {};
	json_t *value;

	if (buf_append_json(&b, text) < 0)
		abort();
	value = json_loadb(b.data, b.len, JSON_DECODE_ANY, NULL);
	if (!json_is_string(value))
		abort();
	json_decref(value);
	buf_done(&b);
}

static void check_sanitized(const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			abort();
		if (c == 0xc2 && (unsigned char)text[1] < 0xa0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);
	json_t *value;

	if (!text)
		abort();
	memcpy(text, data, len);
	text[len] = '\0';
	check_json(text);
	str_sanitize(text);
	check_sanitized(text);
	value = json_string(text); /* refuses invalid UTF-8 */
	if (!value)
		abort();
	json_decref(value);
	free(text);
	return 0;
}
