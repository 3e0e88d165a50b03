/* SPDX-License-Identifier: Apache-2.0 */
/* All sources of configuration, read in the order of precedence and merged into one tree. */
#pragma once

#include "config/config.h"

struct layers {
	struct node *tree;
	char *path;        /* hearth.yaml as opened; NULL: there was none */
	char *environment; /* NULL: none */
	char **overlaid;   /* instances that the overlay names; NULL: none */
};

/* Every source is read even if one is broken. 0, -EINVAL with messages, or -errno. */
int layers_load(const struct config_sources *sources, char *const *variables,
		struct config_errors *errors, struct layers *ret);
void layers_done(struct layers *l);
