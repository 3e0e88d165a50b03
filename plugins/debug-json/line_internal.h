/* SPDX-License-Identifier: Apache-2.0 */
/* The writers of one object's members, by what the batch holds. */
#pragma once

#include <stdbool.h>

#include <hearth/flat.h>

#include "common/json_text.h"

/* Each opens the batch, -EBADMSG if it is not well-formed, and appends members. */
int line_profile(struct json_text *j, const struct hearth_batch *b, bool with_samples);
int line_metrics(struct json_text *j, const struct hearth_batch *b);
int line_artifact(struct json_text *j, const struct hearth_batch *b);
int line_receipt(struct json_text *j, const struct hearth_batch *b);

/* Frames, stacks and samples of an opened profile. */
void line_samples(struct json_text *j, const struct hearth_flat *f);
/* A string of the batch as a member; null for none. */
void line_string(struct json_text *j, const char *key, const struct hearth_flat *f, uint32_t index);
