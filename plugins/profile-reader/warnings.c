/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries return, edges log: this is the edge of all readers. */
#include "warnings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/say.h"

static uint64_t count_one(struct warnings *w, const char *kind)
{
	uint32_t i = 0;

	while (i < w->n && strcmp(w->rows[i].kind, kind) != 0)
		i++;
	if (i == WARNINGS_MAX_KINDS)
		return UINT64_MAX;
	if (i == w->n)
		w->rows[w->n++].kind = kind;
	return ++w->rows[i].count;
}

void warnings_add(struct warnings *w, const char *kind, const char *format, ...)
{
	char text[WARNINGS_MAX_BYTES];
	va_list args;

	if (count_one(w, kind) != 1)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say(w->host, HEARTH_LOG_WARNING, "%s: %s", w->file, text);
}

int warnings_fail(struct warnings *w, const char *format, ...)
{
	va_list args;

	if (w->failure[0])
		return -EBADMSG;
	va_start(args, format);
	vsnprintf(w->failure, sizeof(w->failure), format, args);
	va_end(args);
	return -EBADMSG;
}

void warnings_sum_up(const struct warnings *w)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (w->rows[i].count > 1)
			say(w->host, HEARTH_LOG_WARNING, "%s: %llu times in all: %s", w->file,
			    (unsigned long long)w->rows[i].count, w->rows[i].kind);
}
