/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile as perftools.profiles.Profile, compressed. Field numbers and meanings are those of
 * profile.proto in the pprof project; what Hearth puts into them stands in README.md.
 */
#pragma once

#include <hearth/plugin.h>

#include "common/outfile.h"
#include "profile.h"

/* h: whose labels become comments. 0 or -errno; errors of writing stay in the file until its commit. */
int message_write(struct profile *p, const struct hearth_host *h, int level, struct outfile *file);
