/* SPDX-License-Identifier: Apache-2.0 */
/* A verb that nobody offers, for the tests of help, man pages and completion. */
#pragma once

#include "cli/page.h"

static const struct hearth_option bake_rows[] = {
	{.name = "heat", .type = HEARTH_INT, .letter = 'H', .def = "180", .min = 50, .max = 250,
	 .unit = "degrees", .help = "how hot the oven is to be"},
	{.name = "baking_time", .type = HEARTH_DURATION, .help = "how long; until it is done, when not given"},
	{.name = "shape", .type = HEARTH_CHOICE, .letter = 's', .choices = "round|square", .def = "round",
	 .help = "shape of the loaf"},
	{.name = "seeds", .type = HEARTH_LIST, .flags = HEARTH_REPEAT, .help = "what to strew on it"},
	{.name = "recipe_file_of_the_grandmother", .type = HEARTH_SECRET_FILE, .flags = HEARTH_REQUIRED,
	 .help = "never shown"},
	{.name = "quick", .type = HEARTH_BOOL, .letter = 'q', .def = "false", .help = "with baking powder"},
	{.name = "crust", .type = HEARTH_BOOL, .def = "true", .help = "as it should be"},
	{.name = "debug_yeast", .type = HEARTH_BOOL, .flags = HEARTH_HIDDEN, .help = "for bakers"},
};
static const struct hearth_option kitchen_rows[] = {
	{.name = "help", .type = HEARTH_BOOL, .letter = 'h', .help = "print this text"},
	{.name = "quick", .type = HEARTH_BOOL, .help = "hidden behind the verb's own"},
};
static const struct option_table kitchen_table = {kitchen_rows, 2, sizeof(kitchen_rows[0])};

static const struct page bake_page = {
	.verb = "bake",
	.summary = "bake a loaf \\ with \"crust\" and .dots",
	.arguments = "brown|white [-- COMMAND…]",
	.description = "Mixes, kneads and bakes. It takes a while, so that this paragraph is long enough to be "
		       "wrapped at least once.\n\n'Quoted' and .dotted lines are no commands of roff.",
	.options = {bake_rows, sizeof(bake_rows) / sizeof(bake_rows[0]), sizeof(bake_rows[0])},
};
