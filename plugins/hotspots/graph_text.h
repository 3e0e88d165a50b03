/* SPDX-License-Identifier: Apache-2.0 */
/* A call graph as text, below the row that it is of. [instance thread] */
#pragma once

#include <stdio.h>

#include "graph.h"
#include "recording.h"

/* 0 or -ENOMEM. */
int graph_text_write(const struct recording *r, const struct event *e, struct graph_source *source,
		     uint32_t row, enum graph_kind kind, FILE *out);
