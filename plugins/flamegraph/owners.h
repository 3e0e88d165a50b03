/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose the samples of the page are: what its split by process, thread and container is made of.
 * The format is told in page.h.
 */
#pragma once

#include "common/json_text.h"
#include "common/outfile.h"
#include "layout.h"
#include "tree.h"

/* The value of the key "owners". 0 or -ENOMEM. */
int owners_write(const struct tree *t, struct json_text *j);
/* The text of the key "parts". 0 or -ENOMEM. */
int owners_write_parts(const struct tree *t, const struct layout *l, struct outfile *o);
