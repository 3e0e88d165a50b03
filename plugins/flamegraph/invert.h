/* SPDX-License-Identifier: Apache-2.0 */
/* A tree of the same stacks that begins where samples were taken: callers are children. */
#pragma once

#include "tree.h"

enum { INVERTED_MAX_BYTES = 256 << 20 };

/* Beyond INVERTED_MAX_BYTES further callers are left out; weights stay right. 0 or -errno. */
int tree_invert(const struct tree *t, struct tree **ret);
