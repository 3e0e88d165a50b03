/* SPDX-License-Identifier: Apache-2.0 */
/* Options have no fractions, so min_width is a text that is read here. */
#include "style.h"

#include <math.h>
#include <stdlib.h>

#include "common/say.h"

static int read_min_width(const struct hearth_host *h, double *ret)
{
	const char *text = h->option_string(h, "min_width");
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= 0.1 && v <= 100))
		return say_refuse(h, "min_width", "must be a number of pixels, 0.1 to 100; found \"%s\"", text);
	*ret = v;
	return 0;
}

int style_read(const struct hearth_host *h, struct style *ret)
{
	struct style s = {
		.title = h->option_string(h, "title"),
		.count_unit = h->option_string(h, "count_unit"),
		.palette = palette_find(h->option_string(h, "palette")),
		.width = h->option_is_set(h, "width") ? (uint32_t)h->option_int(h, "width") : 0,
		.frame_height = (uint32_t)h->option_int(h, "frame_height"),
		.is_inverted = h->option_int(h, "inverted"),
	};
	int r;

	r = read_min_width(h, &s.min_width);
	if (r < 0)
		return r;
	*ret = s;
	return 0;
}
