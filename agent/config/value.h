/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One option's value: from a node or a word of the command line to the typed, checked thing that a
 * plugin reads. What is wrong comes back as a sentence that follows the option's name: `must be an
 * integer, 1 to 100000 Hz; found "often"`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hearth/plugin.h>

#include "config/describe.h"
#include "config/node.h"

struct option_value {
	bool is_set;          /* from the config or a default */
	bool is_default;
	struct origin origin; /* of what was written; zero for a default */
	int64_t number;       /* INT, BOOL, DURATION (ns), BYTES, PERCENT (millionths) */
	char *string;         /* STRING, CHOICE, SECRET_FILE (content) */
	char *secret_path;    /* SECRET_FILE */
	char **list;          /* LIST, and STRING with HEARTH_REPEAT; NULL-ended */
	size_t n_list;
	struct hearth_label *map; /* MAP, keys and values owned */
	size_t n_map;
};

/*
 * Reads a node into an empty value. In files lists and maps are YAML; elsewhere (origin.line 0)
 * they may be text, "a,b" and "k=v,k2=v2". 0; -EACCES: a secret file that this user cannot read;
 * -EINVAL; both with an allocated *ret_why; -ENOMEM.
 */
int option_value_read(const struct hearth_option *row, const struct node *node,
		      struct option_value *ret, char **ret_why);
/* The row's default, is_default set; a value that is not set if it has none. */
int option_value_default(const struct hearth_option *row, struct option_value *ret,
			 char **ret_why);
/*
 * One value from command-line text into an otherwise empty set ("--frequency 99"); *ret_why gets
 * an allocated message without place ("must be an integer, 1 to 100000 Hz; found "x""). 0,
 * -EACCES, -EINVAL or -ENOMEM.
 */
int option_value_parse(const struct hearth_option *row, const char *text, struct option_value *ret,
		       char **ret_why);
void option_value_done(struct option_value *v);
bool option_value_equal(const struct option_value *a, const struct option_value *b);
