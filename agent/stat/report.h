/* SPDX-License-Identifier: Apache-2.0 */
/* Counters as text, for `hearth status` and summary.json. */
#pragma once

#include "stat/counter.h"
#include "util/buf.h"

/* Appends a JSON object, names in order: {"received":3,"sent":2}. 0 or -ENOMEM. [any thread] */
int counters_write_json(const struct counters *c, struct buf *out);
