/* SPDX-License-Identifier: Apache-2.0 */
/* What of the machine bends or bounds a profile, for `hearth doctor`, beside what doctor.c asks. */
#pragma once

#include <stdbool.h>

#include <hearth/plugin.h>

/* `root` goes before /proc and /sys: "" but for tests. */
void machine_diagnose(const struct hearth_diagnosis *d, const char *root, bool can_lock_memory);

/* Of it, whether the same work takes the same time twice. */
void machine_diagnose_steadiness(const struct hearth_diagnosis *d, const char *root);
