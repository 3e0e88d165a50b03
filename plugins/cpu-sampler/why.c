/* SPDX-License-Identifier: Apache-2.0 */
/* An errno alone does not tell which of a dozen permissions is missing. */
#include "why.h"

#include <stdarg.h>
#include <stdio.h>

int why_set(struct why *w, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->text, sizeof(w->text), format, args);
	va_end(args);
	return error;
}
