/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where damaged state goes: <state_dir>/bad/, so that a person can look at it and nothing has to
 * be believed. The folder holds at most 64 entries and 16 MiB; the oldest go first.
 */
#pragma once

/*
 * Moves whatever is at path (file, folder, link, FIFO …) to bad/<time>.<label>; *ret_moved
 * gets its new path, allocated. What cannot be moved is removed, if that can be done, and
 * *ret_moved is NULL. 0 or -errno: it is still there.
 */
int quarantine(const char *state_dir, const char *path, const char *label, char **ret_moved);
