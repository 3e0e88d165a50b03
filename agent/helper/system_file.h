/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that nobody but this system's own administrator can have put where they are.
 */
#pragma once

#include <stdbool.h>

/*
 * True if the file behind fd belongs to root or to ourselves, is writable by nobody else, and is
 * reached through a mount of our own mount namespace that honours set-user-id programs: on a medium
 * that a user has brought, and in a container, an owner says nothing. False also when in doubt.
 */
bool system_file_is(int fd);
