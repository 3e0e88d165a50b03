/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a file, said once per kind: a damaged file repeats itself a million times.
 * One instance thread.
 */
#pragma once

#include <stdint.h>

#include <hearth/plugin.h>

enum { WARNINGS_MAX_KINDS = 16, WARNINGS_MAX_BYTES = 512 };

struct warnings {
	const struct hearth_host *host;
	const char *file; /* as the user named it */
	struct {
		const char *kind;
		uint64_t count;
	} rows[WARNINGS_MAX_KINDS];
	uint32_t n;
	char failure[WARNINGS_MAX_BYTES]; /* why nothing can be read; "": it can */
};

/*
 * One warning, logged as "<file>: <text>" if it is the first of its kind, else counted. `kind` is
 * a literal: a few words that stand for it in the sum at the end. The text says where (byte
 * offset), what, and what that costs.
 */
void warnings_add(struct warnings *w, const char *kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Why nothing of the file can be read; the first reason stays. Answers -EBADMSG. */
int warnings_fail(struct warnings *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* At the end: one line for each kind that came more than once. */
void warnings_sum_up(const struct warnings *w);
