/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes JSON into one growing text, value by value: no tree is built, so a line costs what its
 * bytes cost. Commas come by themselves; keys and brackets are the caller's to balance.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero it before use. The first failure is remembered in `error` (-ENOMEM); text is NULL then. */
struct json_text {
	char *text; /* NUL-terminated */
	size_t len, capacity;
	int error;
	bool needs_comma;
};

void json_open(struct json_text *j, char bracket); /* '{' or '[' */
void json_close(struct json_text *j, char bracket);
void json_put_key(struct json_text *j, const char *key);

/*
 * Any bytes: those that are not UTF-8 become U+FFFD. `<`, `>`, `&` and the line separators that
 * JavaScript once tripped over are escaped, so the text may stand inside a <script> element.
 */
void json_put_string(struct json_text *j, const char *s);
void json_put_uint(struct json_text *j, uint64_t value);
void json_put_number(struct json_text *j, double value); /* not finite: null */
void json_put_bool(struct json_text *j, bool value);
void json_put_null(struct json_text *j);
void json_put_hex(struct json_text *j, const uint8_t *bytes, size_t n); /* a string of hex digits */

void json_member_string(struct json_text *j, const char *key, const char *s); /* "" or NULL: null */
void json_member_uint(struct json_text *j, const char *key, uint64_t value);

/* Appends as it is: a newline after a value, digits inside a string. */
void json_put_raw(struct json_text *j, const char *s, size_t n);
void json_text_reset(struct json_text *j); /* empties it, keeps the memory */
void json_text_done(struct json_text *j);
