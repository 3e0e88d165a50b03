/* SPDX-License-Identifier: Apache-2.0 */
/* An option table with a row of every type, for the tests and the fuzz target of options. */
#pragma once

#include "config/option.h"

static const struct hearth_option every_rows[] = {
	{.name = "text", .type = HEARTH_STRING, .help = "some text"},
	{.name = "frequency", .type = HEARTH_INT, .def = "99", .min = 1, .max = 100000, .unit = "Hz"},
	{.name = "count", .type = HEARTH_INT, .unit = "frames"},
	{.name = "least", .type = HEARTH_INT, .min = 1},
	{.name = "flag", .type = HEARTH_BOOL, .def = "false"},
	{.name = "interval", .type = HEARTH_DURATION, .def = "10s", .min = 1000000000,
	 .max = 3600000000000},
	{.name = "memory", .type = HEARTH_BYTES, .def = "8MiB"},
	{.name = "format", .type = HEARTH_CHOICE, .def = "folded", .choices = "folded|html"},
	{.name = "names", .type = HEARTH_LIST, .def = "[a, b]"},
	{.name = "pairs", .type = HEARTH_MAP, .def = "{k: v}"},
	{.name = "token_file", .type = HEARTH_SECRET_FILE},
	{.name = "budget", .type = HEARTH_PERCENT, .def = "1%", .max = 1000000},
	{.name = "password", .type = HEARTH_STRING, .flags = HEARTH_SECRET},
	{.name = "pin", .type = HEARTH_INT, .flags = HEARTH_SECRET},
	{.name = "headers", .type = HEARTH_MAP, .flags = HEARTH_SECRET},
	{.name = "hidden", .type = HEARTH_INT, .def = "1", .flags = HEARTH_HIDDEN},
};

static const struct option_table every_table = {every_rows, sizeof(every_rows) / sizeof(every_rows[0]),
						sizeof(every_rows[0])};

/* Rows that must be set, and a row that its own table refuses. */
static const struct hearth_option required_rows[] = {
	{.name = "endpoint", .type = HEARTH_STRING, .help = "where profiles go", .flags = HEARTH_REQUIRED},
	{.name = "bucket", .type = HEARTH_STRING, .flags = HEARTH_REQUIRED},
};
static const struct hearth_option faulty_rows[] = {
	{.name = "rate", .type = HEARTH_INT, .def = "fast"},
	{.name = "words", .type = HEARTH_LIST, .def = "[a"},
};

static const struct option_table required_table = {required_rows, 2, sizeof(required_rows[0])};
static const struct option_table faulty_table = {faulty_rows, 2, sizeof(faulty_rows[0])};
