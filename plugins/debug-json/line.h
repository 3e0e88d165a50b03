/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches as JSON, one object each; docs/schemas/debug-json.schema.json says what is in it.
 * Appends to `j`, without a newline.
 */
#pragma once

#include <stdbool.h>

#include <hearth/plugin.h>

#include "common/json_text.h"

/* with_samples: every sample, stack and frame as well. 0, -EBADMSG or -ENOMEM. */
int line_from_batch(struct json_text *j, const struct hearth_batch *b, bool with_samples);
