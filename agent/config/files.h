/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a configuration: hearth.yaml, its environment, its drop-ins. */
#pragma once

#include "config/reading.h"

/* Reads and merges all files; what goes wrong is remembered. */
void files_add(struct reading *r);
