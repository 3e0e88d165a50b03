/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Config errors leave through config_error() and nowhere else: a lint lists its call sites, and
 * a test reaches each one with a broken file and its exact message.
 *
 * A message reads `hearth.yaml:12:5: plugin "otlp-export": unknown option "endpont"; did you mean
 * "endpoint"?`: where, what, and what to do. Errors are gathered, so that one `hearth check`
 * shows them all; at most 50 are kept and the rest counted.
 */
#pragma once

#include <stddef.h>

#include "config/node.h"

struct config_errors {
	char **messages; /* NULL-ended; NULL when there is none */
	size_t n;
	size_t n_more;   /* beyond those kept */
	char **warnings;
	size_t n_warnings;
};

void config_errors_done(struct config_errors *e);
/* The messages, one per line, or strerror(-r) if there are none; allocated. */
char *config_errors_text(const struct config_errors *e, int r);

/*
 * site: the call, "agent/config/yaml.c:123". A build with failpoints appends it to the file that
 * HEARTH_CONFIG_SITES names, which is how tests/lint/config_errors.py knows what was reached.
 */
int config_error_add(struct config_errors *e, const char *site, struct origin origin,
		     const char *format, ...) __attribute__((format(printf, 4, 5)));
int config_warning_add(struct config_errors *e, const char *site, struct origin origin,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

#define CONFIG_SITE_(line) #line
#define CONFIG_SITE(line) __FILE__ ":" CONFIG_SITE_(line)

/*
 * Answers -EINVAL, for the caller to return or remember. Control characters of the message become
 * '?': it may quote a file.
 */
#define config_error(errors, origin, ...) \
	config_error_add(errors, CONFIG_SITE(__LINE__), origin, __VA_ARGS__)
/* Answers 0. */
#define config_warning(errors, origin, ...) \
	config_warning_add(errors, CONFIG_SITE(__LINE__), origin, __VA_ARGS__)
