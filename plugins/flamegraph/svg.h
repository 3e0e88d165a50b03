/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flamegraph.svg: the picture of the page for where no page can be: a mail, a ticket, a README. It
 * has no script. Boxes carry their numbers as titles, which viewers show as tooltips; at most
 * SVG_MAX_BOXES are drawn, the widest, and a line below says how many are not.
 */
#pragma once

#include "common/outfile.h"
#include "layout.h"
#include "profile.h"
#include "style.h"

enum { SVG_MAX_BOXES = 10000, SVG_DEFAULT_WIDTH = 1200 };

/* 0 or -ENOMEM. Errors of writing stay in the file until its commit. */
int svg_write(const struct profile *p, const struct layout *l, const struct style *style,
	      struct outfile *o);
