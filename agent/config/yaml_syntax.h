/* SPDX-License-Identifier: Apache-2.0 */
/* What libyaml found wrong, as a config error with a place and a plain sentence. */
#pragma once

#include <stddef.h>
#include <yaml.h>

#include "config/error.h"

/* A place in a file, counted from 1. */
struct origin yaml_origin(const char *file, yaml_mark_t mark);

/* Reports the error that p stopped at; text is what it was reading. -EINVAL or -ENOMEM. */
int yaml_syntax_error(const yaml_parser_t *p, const char *file, const char *text, size_t len,
		      struct config_errors *errors);
