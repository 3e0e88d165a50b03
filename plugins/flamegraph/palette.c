/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lightness stays between 0.76 and 0.84 in every palette, so that no box shouts and dark text can be
 * read on all of them. OKLCH to sRGB: https://bottosson.github.io/posts/oklab/ (public domain).
 */
#include "palette.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define GREYS [LABEL_PROCESS] = { 0, 0 }, [LABEL_UNKNOWN] = { 0, 0 }, [LABEL_TRUNCATED] = { 0, 0 }

/* One hue for all code; kinds differ in strength, what is inlined and interpreted is paler. */
#define ONE_HUE(hue, chroma) \
	{ GREYS, [LABEL_KERNEL] = { hue, (chroma) * 0.6 }, [LABEL_NATIVE] = { hue, chroma }, \
	  [LABEL_INLINED] = { hue, (chroma) * 0.4 }, [LABEL_JIT] = { hue, (chroma) * 0.8 }, \
	  [LABEL_INTERPRETED] = { hue, (chroma) * 0.5 } }

static const struct palette palettes[] = {
	{ "kind", 12, {
		GREYS,
		[LABEL_KERNEL] = { 62, 0.105 },
		[LABEL_NATIVE] = { 28, 0.10 },
		[LABEL_INLINED] = { 28, 0.032 },
		[LABEL_JIT] = { 152, 0.10 },
		[LABEL_INTERPRETED] = { 240, 0.10 },
	} },
	{ "hot", 28, ONE_HUE(48, 0.11) },
	{ "blue", 20, ONE_HUE(240, 0.10) },
	{ "green", 20, ONE_HUE(150, 0.11) },
	{ "grey", 0, ONE_HUE(0, 0) },
};

const struct palette *palette_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(palettes); i++)
		if (strcmp(palettes[i].name, name) == 0)
			return &palettes[i];
	return NULL;
}

/* FNV-1a with two more steps, because the low bytes of short names are alike. */
static uint32_t hash_name(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	h = (h ^ h >> 15) * 2246822519u;
	return h ^ h >> 13;
}

static unsigned int srgb_byte(double linear)
{
	double v = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;

	return (unsigned int)lround(fmin(fmax(v, 0), 1) * 255);
}

static void oklch_hex(double light, double chroma, double hue, char ret[8])
{
	double a = chroma * cos(hue * M_PI / 180), b = chroma * sin(hue * M_PI / 180);
	double l = pow(light + 0.3963377774 * a + 0.2158037573 * b, 3);
	double m = pow(light - 0.1055613458 * a - 0.0638541728 * b, 3);
	double s = pow(light - 0.0894841775 * a - 1.2914855480 * b, 3);

	snprintf(ret, 8, "#%02x%02x%02x",
		 srgb_byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s) & 0xff,
		 srgb_byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s) & 0xff,
		 srgb_byte(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s) & 0xff);
}

void palette_hex(const struct palette *p, enum label_kind kind, const char *name, char ret[8])
{
	uint32_t h = hash_name(name);
	double light = 0.76 + (h & 255) / 255.0 * 0.08;
	double turn = ((h >> 8 & 255) / 255.0 - 0.5) * 2 * p->turn;

	oklch_hex(light, p->kinds[kind].chroma, p->kinds[kind].hue + turn, ret);
}

void palette_legend_hex(const struct palette *p, enum label_kind kind, char ret[8])
{
	oklch_hex(0.78, p->kinds[kind].chroma, p->kinds[kind].hue, ret);
}
