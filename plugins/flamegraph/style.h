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

/* The rows of the option table that style_read() reads. */
#define STYLE_OPTIONS \
	{ .name = "title", .type = HEARTH_STRING, .help = "title of the page and the SVG" }, \
	{ .name = "width", .type = HEARTH_INT, .unit = "pixels", .min = 200, .max = 20000, \
	  .help = "width of the picture; unset: the window's in the page, 1200 in the SVG" }, \
	{ .name = "frame_height", .type = HEARTH_INT, .def = "20", .unit = "pixels", .min = 12, \
	  .max = 64, .help = "height of a box" }, \
	{ .name = "min_width", .type = HEARTH_STRING, .def = "0.5", .unit = "pixels", \
	  .help = "narrower boxes are not drawn one by one, 0.1 to 100; search still finds them" }, \
	{ .name = "palette", .type = HEARTH_CHOICE, .def = "kind", .choices = PALETTE_NAMES, \
	  .help = "colours: by kind of code, or one hue" }, \
	{ .name = "inverted", .type = HEARTH_BOOL, .def = "false", \
	  .help = "begin with the functions that ran, their callers below" }, \
	{ .name = "count_unit", .type = HEARTH_STRING, \
	  .help = "what the numbers count; unset: what the event measures" }

/* All but the labels; strings are the host's. 0, or -EINVAL after a refusal. */
int style_read(const struct hearth_host *h, struct style *ret);
