/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growable bytes, always NUL-terminated behind len once anything was appended. The first
 * allocation that fails is kept in `error`; later calls do nothing, so a caller checks once.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct buf {
	char *data;
	size_t len, capacity;
	int error; /* 0 or -ENOMEM */
};

int buf_append(struct buf *b, const void *data, size_t len);
int buf_append_string(struct buf *b, const char *s);
int buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
int buf_vprintf(struct buf *b, const char *format, va_list args);
/* JSON string with quotes; invalid UTF-8 becomes U+FFFD. */
int buf_append_json(struct buf *b, const char *s);
/* The text so far, "" if none; borrowed. */
const char *buf_text(const struct buf *b);
/* Hands the text over to the caller, who frees it; NULL if error is set. b is empty afterwards. */
char *buf_take(struct buf *b);
void buf_done(struct buf *b);
