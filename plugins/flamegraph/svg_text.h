/* SPDX-License-Identifier: Apache-2.0 */
/* Text of an SVG file: names as XML, and numbers as people read them. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/outfile.h"

/*
 * At most max_chars characters of any bytes, with "…" in the place of what is cut. Markup is
 * escaped; what XML 1.0 has no character for becomes '?'.
 */
void svg_put_name(struct outfile *o, const char *name, size_t max_chars);

/* "1,234,567" */
void svg_put_count(struct outfile *o, uint64_t n);
/* "12.3 %", "0.05 %", "<0.01 %" */
void svg_put_percent(struct outfile *o, uint64_t part, uint64_t whole);
