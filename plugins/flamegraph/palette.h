/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What colour a frame has: the kind of code gives hue and chroma, and the name turns the hue and
 * moves the lightness a little, so that a function looks the same in every picture and neighbours
 * differ. The page does the same sum (page/draw.js) from the figures given here.
 */
#pragma once

#include "tree.h"

struct palette {
	const char *name;
	double turn; /* degrees that a name may turn the hue, either way */
	struct {
		double hue, chroma; /* OKLCH */
	} kinds[N_LABEL_KINDS];
};

#define PALETTE_NAMES "kind|hot|blue|green|grey"

/* One of PALETTE_NAMES; NULL if there is none of that name. */
const struct palette *palette_find(const char *name);

/* sRGB as "#rrggbb". */
void palette_hex(const struct palette *p, enum label_kind kind, const char *name, char ret[8]);
void palette_legend_hex(const struct palette *p, enum label_kind kind, char ret[8]);
