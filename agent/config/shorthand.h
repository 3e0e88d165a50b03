/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fits in one word of a command line: `--sink name:option=value,flag,option="a,b"`, lists
 * "a,b,c" and maps "k=v,k2=v2". A value that holds a comma stands in double quotes, in which \"
 * and \\ are escapes. An option without a value is true.
 */
#pragma once

#include "config/node.h"

/*
 * "name:option=value,…" → the name and a map of its options; "-" in an option's name becomes "_",
 * dots make maps (log.level=debug). 0, -ENOMEM, or -EINVAL with an allocated sentence.
 */
int shorthand_parse(const char *text, struct origin origin, char **ret_name, struct node **ret_map,
		    char **ret_why);

/* The pieces of "a,b,c", empty ones left out. */
int shorthand_list(const char *text, char ***ret, char **ret_why);
/* "k=v,k2=v2" → a map of scalars; keys are kept as written. */
int shorthand_map(const char *text, struct origin origin, struct node **ret, char **ret_why);

/*
 * A value as written after "=": "null" is null, anything else a scalar. NULL without memory.
 */
struct node *shorthand_value(const char *text, struct origin origin);

/* '-' → '_' up to the first '.', in place: how an option is called in YAML. */
void shorthand_option_name(char *name);
