/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folded stacks, the format of flamegraph.pl and its relatives: `comm;root;…;leaf 12`, frames of
 * the kernel with `_[k]`, generated code with `_[j]`. A `;` in a name becomes `:`. Lines are
 * sorted by the bytes of their stacks, one line per stack.
 */
#pragma once

#include "common/outfile.h"
#include "tree.h"

/* 0 or -ENOMEM; ret_n_stacks: lines. Errors of writing stay in the file until its commit. */
int folded_write(const struct tree *t, struct outfile *o, uint64_t *ret_n_stacks);
