/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration that `record` lays over the user's: instances and their options, collected
 * from defaults and from the command line, then written as YAML.
 */
#pragma once

#include <stddef.h>

struct overlay_option {
	char *key;
	char **values;   /* one, or the items of a list */
	size_t n_values;
	int is_list;
};

struct overlay_instance {
	char *name;
	struct overlay_option *options;
	size_t n_options;
};

struct overlay {
	struct overlay_instance *instances;
	size_t n_instances;
};

void overlay_done(struct overlay *o);

/* Makes the instance if there is none. 0 or -ENOMEM. */
int overlay_add(struct overlay *o, const char *instance);

/* Sets an option of an instance, in place of an earlier value. 0 or -ENOMEM. */
int overlay_set(struct overlay *o, const char *instance, const char *key, const char *value);
int overlay_set_list(struct overlay *o, const char *instance, const char *key,
		     const char *const *values, size_t n);

/* Sets an option that has no value yet, of every instance but the first. 0 or -ENOMEM. */
int overlay_set_default(struct overlay *o, const char *key, const char *value);

/* Sets an option that has no value yet, of one instance. 0 or -ENOMEM. */
int overlay_fill(struct overlay *o, const char *instance, const char *key, const char *value);

/* 1 if the option has a value. */
int overlay_is_set(const struct overlay *o, const char *instance, const char *key);

/* 1 if any instance has this value for an option. */
int overlay_has(const struct overlay *o, const char *key, const char *value);

/*
 * Adds what one word of the command line says: `NAME:option=value,flag,option="a,b"`, where \"
 * and \\ are escapes inside quotes, and "-" in an option's name stands for "_". 0, -ENOMEM, or
 * -EINVAL with *ret_why set to a constant sentence.
 */
int overlay_add_word(struct overlay *o, const char *word, const char **ret_why);

/* 0 or -ENOMEM; *ret is to be freed. */
int overlay_write(const struct overlay *o, char **ret);
