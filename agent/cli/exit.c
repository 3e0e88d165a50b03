/* SPDX-License-Identifier: Apache-2.0 */
/* What hearth's exit statuses mean: for --help, the man pages and docs/exit-codes.md. */
#include "cli/exit.h"

#include "util/cleanup.h"

const struct exit_row exit_table[] = {
	{EXIT_OK, "success"},
	{EXIT_FAILED, "it failed; the message says why"},
	{EXIT_USAGE, "the command line is wrong"},
	{EXIT_CONFIG, "the configuration is wrong"},
	{EXIT_PERMISSION, "a permission is missing; the message names it"},
	{EXIT_CRASH, "a plugin crashed; the report names it and its last callback"},
	{EXIT_HEARTH_FAILED, "record -- COMMAND: Hearth failed before the command began"},
	{EXIT_NOT_EXECUTABLE, "record -- COMMAND: the command cannot be executed"},
	{EXIT_NOT_FOUND, "record -- COMMAND: there is no such command"},
};
const size_t exit_table_n = ARRAY_SIZE(exit_table);
