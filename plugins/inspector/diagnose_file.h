/* SPDX-License-Identifier: Apache-2.0 */
/* `hearth doctor BINARY`: what a profile of this file will lack, and what mends it. */
#pragma once

#include <hearth/plugin.h>

#include "file_source.h"

/* hearth_component.diagnose_file. */
void inspector_diagnose_file(const struct hearth_diagnosis *d, int32_t fd, const char *path);

/* The same for a file that is open already and further ones from elsewhere. */
void diagnose_reader(const struct hearth_diagnosis *d, const struct reader *r, const char *path,
		     const struct file_source *source);
