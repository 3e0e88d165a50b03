/* SPDX-License-Identifier: Apache-2.0 */
/* Strings and NULL-ended vectors of strings. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "util/cleanup.h"

static inline bool str_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static inline bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Allocated; NULL without memory. */
char *str_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * The candidate nearest to `word` by edit distance, or NULL if none is near enough to be meant
 * (distance at most a third of the word's length, at least 1).
 */
const char *str_suggest(const char *word, const char *const *candidates, size_t n);

/*
 * Replaces control characters and invalid UTF-8 by '?', in place: for text that comes from other
 * processes. str_sanitize_lines() keeps newlines and tabs.
 */
void str_sanitize(char *s);
void str_sanitize_lines(char *s);

/* Bytes of the UTF-8 sequence at s; 0 if it is not valid, or at the end. */
size_t str_utf8_length(const char *s);

/* The number of "ENOSPC"; 0 if there is no such name. */
int str_errno(const char *name);

size_t strv_length(char *const *v);
/* Appends a copy; *v may be NULL. 0 or -ENOMEM (then unchanged). */
int strv_append(char ***v, const char *s);
/* Splits at any character of `separators`, empty pieces left out. */
int strv_split(const char *s, const char *separators, char ***ret);
char **strv_copy(char *const *v);
char **strv_free(char **v); /* NULL */
DEFINE_CLEANUP(char **, strv_free)
