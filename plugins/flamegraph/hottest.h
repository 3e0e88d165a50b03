/* SPDX-License-Identifier: Apache-2.0 */
/* The hottest functions as JSON, for the result of the run. */
#pragma once

#include "common/json_text.h"
#include "layout.h"
#include "tree.h"

enum { N_HOTTEST = 20 };

/* Appends an array of at most N_HOTTEST functions, by self weight. 0 or -ENOMEM. */
int hottest_write(const struct tree *t, const struct layout *l, struct json_text *j);
