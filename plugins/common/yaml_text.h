/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes small YAML documents, such as the overlay of a run plan. Every scalar that comes from
 * outside is written as a double-quoted string, which can hold any text.
 */
#pragma once

#include <stddef.h>

/* Text that grows. The first failure is remembered; yaml_text_take() reports it. */
struct yaml_text {
	char *text;
	size_t len, capacity;
	int error;
};

/* Appends plain text as it is: structure, never a value from outside. */
void yaml_plain(struct yaml_text *y, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Appends `value` double-quoted. Bytes that are not UTF-8 become U+FFFD: YAML cannot hold them.
 */
void yaml_quoted(struct yaml_text *y, const char *value);
void yaml_quoted_n(struct yaml_text *y, const char *value, size_t len);

/* Appends an option of an instance, `key: "value"` in a line of its own; nothing for NULL. */
void yaml_option(struct yaml_text *y, const char *key, const char *value);

/* Hands the text over, to be freed. 0 or -ENOMEM; the writer is empty afterwards. */
int yaml_text_take(struct yaml_text *y, char **ret_text);
void yaml_text_done(struct yaml_text *y);
