/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers what is wrong with a configuration. */
#include "config/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "util/buf.h"
#include "util/file.h"
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

#ifdef HEARTH_FAILPOINTS
static void site_note(const char *site)
{
	const char *path = getenv("HEARTH_CONFIG_SITES");
	_cleanup_free_ char *line = str_format("%s\n", site);
	_cleanup_close_ int fd = -1;

	if (!path || !line)
		return;
	fd = sys_open(path, O_WRONLY | O_APPEND | O_CREAT, 0666);
	if (fd >= 0)
		(void)fd_write_all(fd, line, strlen(line));
}
#else
static void site_note(const char *site)
{
	(void)site;
}
#endif

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

	site_note(site);
	if (!e)
		return -EINVAL;
	va_start(args, format);
	text = message_format(origin, format, args);
	va_end(args);
	if (text && e->n < MAX_KEPT && strv_append(&e->messages, text) == 0)
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

	site_note(site);
	if (!e || e->n_warnings == MAX_KEPT)
		return 0;
	va_start(args, format);
	text = message_format(origin, format, args);
	va_end(args);
	if (text && strv_append(&e->warnings, text) == 0)
		e->n_warnings++;
	return 0;
}

void config_errors_done(struct config_errors *e)
{
	strv_free(e->messages);
	strv_free(e->warnings);
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
