/* SPDX-License-Identifier: Apache-2.0 */
/* The formats that there are, in the order in which they are asked; NULL-ended. */
#pragma once

#include "format.h"

/* Of the option `format`; and the same for people. */
#define FORMAT_CHOICES "auto|perf|pprof|folded"
#define FORMAT_NAMES "perf.data, pprof, folded stacks"

extern const struct format perf_format, pprof_format, folded_format;

extern const struct format *const formats[];
