/* SPDX-License-Identifier: Apache-2.0 */
/* The processes that descend from given ones, as they are now. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Descendants of `pids`, not these themselves, into an allocated array. 0 or -errno. Who is born
 * meanwhile may be missing: whoever wants those too watches forks first.
 */
int descendants_find(const char *proc_root, const uint32_t *pids, size_t n_pids, uint32_t **ret,
		     size_t *ret_n);
