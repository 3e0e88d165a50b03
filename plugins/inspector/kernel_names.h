/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's symbols as the inspector holds them: read at the first question, read again when
 * an address is not covered (a module or a BPF program was loaded since), but at most every 10 s,
 * and ever more seldom (up to 10 min) while that does not help.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <hearth/helper.h>

#include "kernel_table.h"

struct kernel_names;

int kernel_names_new(struct kernel_names **ret);
struct kernel_names *kernel_names_free(struct kernel_names *k); /* NULL */

/* As hearth_inspector.kernel; now_ns is CLOCK_MONOTONIC. */
int kernel_names_answer(struct kernel_names *k, uint64_t now_ns, int symbols_fd, int modules_fd,
			const uint64_t *addresses, uint32_t n, const struct hearth_naming *out,
			const char **ret_cause);

struct kernel_fds {
	int symbols, modules; /* as of kernel_names_answer */
};

/*
 * Of addresses that this kernel had when its _text was at `text`: in an earlier boot all of it lay
 * elsewhere. Modules have names only if it has not booted since, which is known where the kernel
 * chooses its place at random.
 */
int kernel_names_answer_recorded(struct kernel_names *k, const struct kernel_fds *fds, uint64_t now_ns,
				 uint64_t text, const uint64_t *addresses, uint32_t n,
				 const struct hearth_naming *out, const char **ret_cause);
