/* SPDX-License-Identifier: Apache-2.0 */
/* No varargs cross the plugin boundary, so each plugin formats its own lines: here. */
#include "common/say.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_MAX_BYTES = 1000 };

void say(const struct hearth_host *h, int32_t level, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	h->log(h, level, line);
}

int32_t say_refuse(const struct hearth_host *h, const char *option, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	return h->refuse(h, option, line);
}

void say_fail(const struct hearth_host *h, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	h->fail(h, line);
}
