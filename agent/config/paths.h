/* SPDX-License-Identifier: Apache-2.0 */
/* Where things are when nobody says so, and what a path in a file means. */
#pragma once

#include "config/node.h"

/* /var/lib/hearth for root, else $XDG_STATE_HOME/hearth (~/.local/state/hearth). */
int path_state_default(char *const *variables, char **ret);
/* /run/hearth for root, else $XDG_RUNTIME_DIR/hearth, else `run` in the state folder. */
int path_runtime_default(char *const *variables, char **ret);
/*
 * $CACHE_DIRECTORY, which systemd sets; else /var/cache/hearth for root, else $XDG_CACHE_HOME/hearth
 * (~/.cache/hearth).
 */
int path_cache_default(char *const *variables, char **ret);
/* `plugins` beside the executable if that folder exists (a build tree), else HEARTH_PLUGIN_DIR. */
int path_plugin_dirs_default(char ***ret);

/* Absolute: relative paths begin at the folder of the file that names them, or where we are. */
int path_resolve(const char *path, struct origin named_at, char **ret);
/* folder/name; just the name in ".". NULL without memory. */
char *path_join(const char *folder, const char *name);
/* The folder that holds path: "." without a slash. NULL without memory. */
char *path_folder(const char *path);
