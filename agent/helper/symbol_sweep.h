/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the folder of stored tables within its bytes. */
#pragma once

#include <stdint.h>

#define SYMBOL_TEMPORARY ".tmp" /* ends the name of a table that is being written */

/* Calls fn for every name in the folder that begins with `prefix`, until it answers not 0. */
int symbol_sweep_each(int dir, const char *prefix, int (*fn)(void *ctx, const char *name), void *ctx);

/*
 * Looks through the folder behind fd `dir` and unlinks what was used longest ago until at most max_bytes
 * are left; also what a crash has left behind. Files that do not look like tables are left alone.
 * *ret_bytes: what is left; *ret_evicted is added to.
 */
int symbol_sweep(int dir, uint64_t max_bytes, uint64_t *ret_bytes, uint64_t *ret_evicted);
