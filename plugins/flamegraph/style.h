/* SPDX-License-Identifier: Apache-2.0 */
/* How the picture is to look, as the options say; page and SVG follow the same. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/plugin.h>

#include "palette.h"

struct style {
	const char *title;      /* NULL: none was given */
	const char *count_unit; /* NULL: what the event measures */
	const struct palette *palette;
	uint32_t width;         /* pixels; 0: unset */
	uint32_t frame_height;
	double min_width;       /* narrower boxes are not drawn one by one */
	bool is_inverted;
	const struct hearth_label *labels; /* of the host, set before writing: service.name, … */
	uint32_t n_labels, label_stride;
};

/* Reads the options of those names, all but the labels; strings are the host's. 0, or -EINVAL after a refusal. */
int style_read(const struct hearth_host *h, struct style *ret);
