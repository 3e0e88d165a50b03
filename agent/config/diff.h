/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a reload has to do: the instances of two configurations, compared. Pure.
 * CHANGE is a new plugin type; UPDATE is new options for the same one; KEEP may still be wired
 * anew.
 */
#pragma once

#include "config/config.h"

enum diff_action {
	DIFF_KEEP = 1,
	DIFF_UPDATE,
	DIFF_CHANGE,
	DIFF_ADD,
	DIFF_REMOVE,
};

struct diff_entry {
	enum diff_action action;
	const char *name;
	const struct instance_config *old, *new; /* borrowed; NULL where there is none */
};

struct diff {
	struct diff_entry *entries; /* removals last */
	size_t n;
};

/* Disabled instances count as absent; old may be NULL (everything is added). */
int diff_instances(const struct config *old, const struct config *new, struct diff *ret);
void diff_done(struct diff *d);
