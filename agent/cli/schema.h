/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON schema of hearth.yaml for editors, from the option tables of the host and its plugins. */
#pragma once

#include "plugin/loader.h"

struct buf;

/* Loads every plugin of the registry; the schema knows their options. */
int schema_write(struct registry *plugins, struct buf *out);
