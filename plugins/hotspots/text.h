/* SPDX-License-Identifier: Apache-2.0 */
/* The report as people read it, laid out as `perf report --stdio` does. [instance thread] */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "recording.h"

/* columns: of the terminal; 0: nothing is cut. 0 or -ENOMEM; errors of `out` are the caller's. */
int text_write(const struct recording *r, uint32_t columns, FILE *out);
