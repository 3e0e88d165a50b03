/* SPDX-License-Identifier: Apache-2.0 */
/* Builds struct helper_answer: one allocation that holds all it points to. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "helper/helpers.h"

/* Room for any failure, made before it happens: answer_fail then cannot fail. NULL: no memory. */
struct helper_answer *answer_new_failure(void);
void answer_fail(struct helper_answer *a, int status, const char *cause);

/* A copy of what is known of a file, its pointers included. */
int answer_new_inspected(const struct hearth_inspected *from, struct helper_answer **ret);

/* From records (record.h) of exactly n_symbols addresses. -EBADMSG, -ENOMEM. */
int answer_new_named(const uint8_t *records, size_t len, uint32_t n_symbols,
		     struct helper_answer **ret);

/* Functions begin `by` higher than was said. */
void answer_move(struct helper_answer *a, uint64_t by);

/* From records (unwind_wire.h) of exactly n_samples stacks. -EBADMSG, -ENOMEM. */
int answer_new_unwound(const uint8_t *records, size_t len, uint32_t n_samples,
		       struct helper_answer **ret);
