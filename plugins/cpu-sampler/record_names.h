/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording is called when nobody says: the folder on disk, the title on the page. */
#pragma once

#include <hearth/plugin.h>

/* "hearth-<command or host>-<UTC time>", of characters that are harmless in a path. Allocated. */
char *record_folder_name(const struct hearth_verb_call *c);

/* The command line, or the name of the host. Allocated; NULL without memory. */
char *record_title(const struct hearth_verb_call *c);
