/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of generated code, from perf maps that grow. A map is read again when it has grown and an
 * address is asked for that it did not cover; and only so often that reading takes a tenth of the
 * time at most, whatever a program writes into it.
 */
#pragma once

#include <stdint.h>

#include <hearth/helper.h>

#include "table_cache.h"

/* As hearth_inspector.code; tables are kept in `cache`. */
int code_names_answer(struct table_cache *cache, const struct hearth_host *host, uint64_t handle,
		      int fd, const uint64_t *addresses, uint32_t n, const struct hearth_naming *out,
		      const char **ret_cause);
