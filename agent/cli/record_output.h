/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of a recording: made before it, given to the user who called sudo after it. */
#pragma once

#include <stdbool.h>

struct json_t;

/*
 * Makes the folder if need be and sees that summary.json can be written there. 0, or an exit
 * status; the reason is on stderr.
 */
int output_prepare(const char *verb, const char *folder, bool can_overwrite, bool *ret_is_made);

/* Writes summary.json. 0, or an exit status; the reason is on stderr. */
int output_write_summary(const char *verb, const char *folder, const struct json_t *summary,
			 bool can_overwrite);

/*
 * Has "hearth-last" beside the folder lead to it: in place of an earlier link, never of anything
 * else. What goes wrong costs the link only, and a line where the user can mend it.
 */
void output_link_last(const char *verb, const char *folder);

/* Unlinks the artifacts of a recording that came to nothing. */
void output_remove(const char *folder, const struct json_t *summary);

/*
 * As root under sudo: gives the folder (if it is ours: made by output_prepare) and the artifacts
 * of the summary to SUDO_UID:SUDO_GID. Links are never followed.
 */
void output_give_to_user(const char *folder, bool is_folder_ours, const struct json_t *summary);
