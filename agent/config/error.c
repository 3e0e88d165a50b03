/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers what is wrong with a configuration. Each message remembers the call that made it, so
 * that a test can prove that every one is reached.
 */
#include "config/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/str.h"
#include "util/sys.h"

#define MAX_KEPT 50

static void origin_write(struct buf *out, struct origin origin)
{
	if (origin.file && origin.line)
		(void)buf_printf(out, "%s:%u:%u: ", origin.file, origin.line, origin.column);
	else if (origin.file)
		(void)buf_printf(out, "%s: ", origin.file);
}

/* Parallel arrays: both grow or neither. */
static int message_keep(char ***messages, const char ***sites, size_t n, const char *text,
			const char *site)
{
	const char **more = sys_realloc(*sites, n + 1, sizeof(*more));
	int r;

	if (!more)
		return -ENOMEM;
	*sites = more;
	r = strv_append(messages, text);
	if (r < 0)
		return r;
	more[n] = site;
	return 0;
}

static char *message_format(struct origin origin, const char *format, va_list args)
{
	_cleanup_(buf_done) struct buf out = {};
	char *text;

	origin_write(&out, origin);
	(void)buf_vprintf(&out, format, args);
	text = buf_take(&out);
	if (text)
		str_sanitize(text);
	return text;
}

int config_error_add(struct config_errors *e, const char *site, struct origin origin,
		     const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;

	if (!e)
		return -EINVAL;
	va_start(args, format);
	text = message_format(origin, format, args);
	va_end(args);
	if (text && e->n < MAX_KEPT && message_keep(&e->messages, &e->sites, e->n, text, site) == 0)
		e->n++;
	else
		e->n_more++;
	return -EINVAL;
}

int config_warning_add(struct config_errors *e, const char *site, struct origin origin,
		       const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;

	if (!e || e->n_warnings == MAX_KEPT)
		return 0;
	va_start(args, format);
	text = message_format(origin, format, args);
	va_end(args);
	if (text &&
	    message_keep(&e->warnings, &e->warning_sites, e->n_warnings, text, site) == 0)
		e->n_warnings++;
	return 0;
}

void config_errors_done(struct config_errors *e)
{
	strv_free(e->messages);
	strv_free(e->warnings);
	free(e->sites);
	free(e->warning_sites);
	*e = (struct config_errors){};
}

char *config_errors_text(const struct config_errors *e, int r)
{
	struct buf b = {};

	for (size_t i = 0; i < e->n; i++)
		buf_printf(&b, "%s%s", i ? "\n" : "", e->messages[i]);
	if (e->n == 0)
		buf_append_string(&b, strerror(-r));
	return buf_take(&b);
}
