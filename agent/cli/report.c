/* SPDX-License-Identifier: Apache-2.0 */
/* How a verb speaks to the person at the terminal: usage errors, config errors, results. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "util/buf.h"
#include "util/log.h"

int cli_usage_error(const char *verb, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "hearth %s: ", verb);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\ntry 'hearth %s --help'\n", verb);
	return EXIT_USAGE;
}

int cli_print_errors(const struct config_errors *e)
{
	for (size_t i = 0; i < e->n_warnings; i++)
		fprintf(stderr, "warning: %s\n", e->warnings[i]);
	for (size_t i = 0; i < e->n; i++)
		fprintf(stderr, "%s\n", e->messages[i]);
	if (e->n_more)
		fprintf(stderr, "and %zu more\n", e->n_more);
	return e->n ? EXIT_CONFIG : EXIT_OK;
}

int cli_load_config(const struct cli_call *call, struct config **ret)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	int r = config_load(&call->sources, &errors, ret);

	if (cli_print_errors(&errors) != EXIT_OK)
		return EXIT_CONFIG;
	if (r < 0) {
		log_error("cannot load the configuration: %s", strerror(-r));
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

int cli_print(const struct buf *text)
{
	if (text->error) {
		log_error("out of memory");
		return EXIT_FAILED;
	}
	(void)fwrite(buf_text(text), 1, text->len, stdout);
	return EXIT_OK;
}
