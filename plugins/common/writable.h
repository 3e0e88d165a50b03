/* SPDX-License-Identifier: Apache-2.0 */
/* For diagnose_options() of sinks that write files: can the place be written, without doing so? */
#pragma once

#include <stdbool.h>

#include <hearth/plugin.h>

/*
 * One line about a folder, which the sink makes with its parents, or about a file in a folder
 * that must be there. As the user who asks: the agent may be another one.
 */
void writable_diagnose_folder(const struct hearth_diagnosis *d, const char *path);
void writable_diagnose_file(const struct hearth_diagnosis *d, const char *path);
