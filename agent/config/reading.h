/* SPDX-License-Identifier: Apache-2.0 */
/* Where the reading of a configuration has come to, and what each of its layers must be like. */
#pragma once

#include "config/layers.h"

struct reading {
	const struct config_sources *sources;
	char *const *variables;
	struct config_errors *errors;
	struct layers *layers; /* merged so far */
	char *folder;          /* of hearth.yaml; owned by layers_load() */
	int worst;             /* of what went wrong; -ENOMEM outweighs -EINVAL */
};

/* Notes a negative error. */
void reading_remember(struct reading *r, int error);
/* Lays `over` on what there is; takes it. */
int reading_add(struct reading *r, struct node *over);

/* A layer is a map in which every key has a value. 0 or -EINVAL with messages. */
int layer_check(const struct node *n, struct config_errors *errors);
/* Only hearth.yaml itself says which environment it is. */
int layer_refuse_environment(const struct node *n, struct config_errors *errors);
