/* SPDX-License-Identifier: Apache-2.0 */
/* For tally_add_batch(): rows of a tally. Each answers 0 or -ENOMEM. */
#pragma once

#include "tally.h"

/* The row of a function in t->functions, made if need be. module may be NULL. */
int tally_function_row(struct tally *t, const char *name, const char *module, uint32_t frame_kind,
		       uint32_t *ret);
int tally_count_process(struct tally *t, uint32_t pid, const char *comm, uint64_t value);
