/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a configuration asks for, checked against its plugins: components, options and wiring of
 * every active instance. Made as a whole or not at all; a pipeline carries it out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "plugin/loader.h"
#include "plugin/wiring.h"

struct blueprint_member {
	char *name; /* as instances are called: with the run's number, "cpu-sampler#7" */
	const struct instance_config *config;
	const struct component *component;
	struct option_set *options; /* what the checks made; a pipeline makes its own copies */
};

struct blueprint {
	struct config *config; /* owned: the members point into it */
	struct blueprint_member *members;
	size_t n;
	struct wiring wiring;      /* indices are those of members */
	struct wiring_node *nodes; /* as wiring_print wants them */
};

struct blueprint_options {
	unsigned int run;        /* number behind '#'; 0: none */
	bool is_overlay_only;    /* a run within an agent: only what its overlay names */
	bool has_no_sources;     /* the kill switch is on */
	bool can_skip_secrets;   /* `check` without privileges */
};

/*
 * Loads the plugins that the config names, standing-by ones too, and checks everything. Takes
 * config, also on error. -EINVAL with messages.
 */
int blueprint_make(struct config *config, struct registry *registry,
		   const struct blueprint_options *options, struct config_errors *errors,
		   struct blueprint **ret);
struct blueprint *blueprint_free(struct blueprint *b); /* NULL */
DEFINE_CLEANUP(struct blueprint *, blueprint_free)

/* The member of a name, or NULL. */
struct blueprint_member *blueprint_find(const struct blueprint *b, const char *name);
/* A fresh set of the member's options; secrets are read again. */
int blueprint_member_options(const struct blueprint_member *m, struct option_set **ret);
