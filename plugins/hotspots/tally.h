/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the samples of one batch into the table of its event. */
#pragma once

#include <stdbool.h>

#include <hearth/flat.h>

#include "recording.h"

/* is_full: everything goes to one row. 0, -EBADMSG or -ENOMEM. */
int tally_batch(struct recording *r, struct event *e, const struct hearth_flat *f, bool is_full);
