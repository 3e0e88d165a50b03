/* SPDX-License-Identifier: Apache-2.0 */
/* One place decides, so that `record` and `doctor` look alike in a log, an editor and a pipe. */
#include "cli/terminal.h"

#include <stdlib.h>
#include <unistd.h>

#include "util/str.h"

bool terminal_has_cursor(int fd)
{
	const char *terminal = getenv("TERM");

	return isatty(fd) && terminal && *terminal && !str_equal(terminal, "dumb");
}

bool terminal_has_colour(int fd)
{
	const char *no_colour = getenv("NO_COLOR");

	return terminal_has_cursor(fd) && !(no_colour && *no_colour);
}
