/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text that grows. What other processes call themselves goes into it by text_put_name() only, so
 * that no name can end a line or pass for another field.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Zero it before use. The first failure is remembered in `error` (-ENOMEM); nothing is added then. */
struct text {
	char *bytes;
	size_t len, capacity;
	int error;
};

/* Whose name it is: what its readers would take for the end of it becomes `_`. */
enum text_name {
	TEXT_SYMBOL, /* ends with the line's last parenthesis: nothing to replace */
	TEXT_COMM,   /* a blank before a digit (a pid follows), what would begin a frame or a comment */
	TEXT_WORD,   /* any blank */
};

void text_put(struct text *t, const void *bytes, size_t n);
void text_format(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first n bytes of a name. Control characters, blanks of Unicode and what is not UTF-8 become `?`. */
void text_put_name(struct text *t, const char *name, size_t n, enum text_name kind);

void text_done(struct text *t);
