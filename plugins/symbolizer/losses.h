/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what a window leaves without a name, by cause, as the samples weigh it. */
#pragma once

#include "window.h"

/*
 * Adds HEARTH_LOSS_NAMES rows to the window's names (frames of samples: an unnamed frame in a
 * stack of three samples counts three) and "frames_unnamed.<cause>" to the host's counters;
 * "samples_unnamed.<cause>" counts those whose innermost frame it is.
 */
void losses_add_unnamed(struct window *w);
