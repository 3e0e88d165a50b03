/* SPDX-License-Identifier: Apache-2.0 */
/* A path and all below it. Links are not followed, other file systems not entered. */
#pragma once

#include <stdint.h>

int tree_bytes(const char *path, uint64_t *ret); /* of its regular files */
int tree_remove(const char *path);               /* 0 also if it was not there */
