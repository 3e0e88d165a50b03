/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plugin declares, as the host's own copy. Descriptors are adopted, never cast: min of
 * both sizes into a zeroed struct; a longer one is accepted if the unknown tail is zero.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include <hearth/plugin.h>

#include "config/option.h"

struct plugin;

struct component {
	struct plugin *plugin;
	struct hearth_component c; /* adopted; strings and callbacks are the plugin's, for ever */
	struct option_table options;
};

struct verb {
	struct plugin *plugin;
	struct hearth_verb v;
	struct option_table options;
};

struct plugin {
	char *name;     /* file name without .so */
	char *path;     /* canonical */
	char *shadowed; /* path of the one with the same name in a later folder, or NULL */
	const char *version, *license;
	dev_t dev;      /* of the mapped file: `status` says when the file on disk is newer */
	ino_t ino;
	struct timespec mtime;
	struct component *components;
	size_t n_components;
	struct verb *verbs;
	size_t n_verbs;
};

/* Names of plugins, components and verbs: [a-z0-9][a-z0-9-]*, at most 64 characters. */
bool descriptor_name_is_valid(const char *name);

/* "source", "processor", …; "?" for an unknown kind. */
const char *component_kind_name(uint32_t kind);

/*
 * Copies min(theirs, ours) bytes of a size-prefixed struct. *ret_offset gets the place of the
 * first byte of an unknown tail that is not zero. 0, -EINVAL (no size) or -E2BIG.
 */
int descriptor_adopt(void *ours, uint32_t our_size, const void *theirs, uint32_t *ret_offset);

/*
 * Checks and copies all that a plugin declares into p. *ret_why gets an allocated sentence. 0 or
 * -errno: -EPROTO for another ABI, -E2BIG, -EINVAL for contents that make no sense.
 */
int descriptor_read(struct plugin *p, const struct hearth_plugin *theirs, char **ret_why);
