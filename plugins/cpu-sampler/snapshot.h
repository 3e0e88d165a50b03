/* SPDX-License-Identifier: Apache-2.0 */
/* A process as /proc shows it, taken back to the moment that events have been applied to. */
#pragma once

#include "processes.h"

/*
 * Replaces what is known of a process, its start time apart, by what /proc tells. 0, or -errno;
 * then it has no mappings, and maps_cause says why.
 */
int snapshot_take(struct processes *ps, struct process *p);
