/* SPDX-License-Identifier: Apache-2.0 */
/* Which files the folders of plugin_dirs hold. */
#pragma once

/*
 * The file of a plugin: NAME.so in the first folder that has one. *ret_shadowed gets the file of
 * the same name in a later folder, or NULL. -ENOENT: *ret_why says where it was looked for and
 * suggests a name that is there.
 */
int search_file(const char *name, char *const *dirs, char **ret_path, char **ret_shadowed,
		char **ret_why);

/* Names of all *.so, each once, sorted. Folders that cannot be read count as empty. */
int search_names(char *const *dirs, char ***ret);
