/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hearth check` calls create() too, because only it can say whether options fit each other. It
 * does so in a process of its own per instance: one that crashes or hangs there is a mistake in
 * the configuration (of what was asked to be loaded), and not the end of the check.
 */
#pragma once

#include <stdint.h>

#include "config/config.h"
#include "plugin/instance.h"
#include "plugin/loader.h"

#define CHECK_CREATE_VERB "check-create" /* hidden; cli/check_create.c */
#define CHECK_CREATE_FD 3                /* where the child writes its answer */

struct check_create {
	const struct config_sources *sources; /* the child reads the same configuration again */
	const char *executable;               /* NULL: /proc/self/exe */
	uint64_t timeout_ns;                  /* per instance; 0: 10 s */
};

/*
 * Tries every enabled instance. What goes wrong becomes a config error at the instance's place.
 * 0, -EINVAL with messages, or -errno: it could not be tried.
 */
int check_create_all(const struct check_create *c, const struct config *config,
		     struct config_errors *errors);

/* In the child: what instances are given, as in a running host. */
struct check_create_host {
	struct registry *registry;
	const void *(*service)(void *ctx, const char *id);
	void *ctx;
	const struct hearth_label *labels;
	size_t n_labels;
};

/* Answers that it could not even be tried. */
int check_create_refuse(int fd, const char *why);
/* Creates and destroys the instance, writes the answer to fd. Returns 0 or -errno. */
int check_create_child(const struct config *config, const char *instance,
		       const struct check_create_host *host, int fd);
