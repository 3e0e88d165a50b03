/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Config errors leave through config_error() and nowhere else: a lint lists its call sites, and
 * a test reaches each one with a broken file and its exact message.
 *
 * A message reads `hearth.yaml:12:5: plugin "otlp-export": unknown option "endpont"; did you mean
 * "endpoint"?`: where, what, and what to do. Errors are gathered, so that one `hearth check`
 * shows them all; at most 50 are kept.
 */
#pragma once

#include <stddef.h>

#include "config/node.h"

struct config_errors {
	char **messages; /* NULL-ended; NULL when there is none */
	size_t n;
	char **warnings;
	size_t n_warnings;
};

void config_errors_done(struct config_errors *e);

int config_error_add(struct config_errors *e, struct origin origin, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int config_warning_add(struct config_errors *e, struct origin origin, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Answers -EINVAL, for the caller to return or remember. */
#define config_error(errors, origin, ...) config_error_add(errors, origin, __VA_ARGS__)
#define config_warning(errors, origin, ...) config_warning_add(errors, origin, __VA_ARGS__)
