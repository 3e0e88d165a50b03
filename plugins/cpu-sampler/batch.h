/* SPDX-License-Identifier: Apache-2.0 */
/* A window that is over becomes a batch. */
#pragma once

#include "window.h"

struct batch_summary {
	uint64_t end_ns, period_ns;
	uint32_t flags; /* HEARTH_PROFILE_* */
};

/*
 * Completes the window and emits it, also when it is empty: that tells "no sample", not
 * "no answer". 0 or -errno.
 */
int batch_emit(struct window *w, const struct batch_summary *summary);
