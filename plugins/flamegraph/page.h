/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flamegraph.html: one self-contained page. Its source is in page/; here the data goes in.
 *
 * Data: a JSON object in a <script type="application/json"> element. `names` and `modules` are
 * string tables; label i is called names[i], is of kind kindNames[kind[i]] and lives in
 * modules[module[i]]; labels are sorted by how many nodes have them. `nodes` is the tree in
 * layout order, per node: (levels to go up from the previous node << 1 | has self weight), label,
 * and the self weight if it has one, each in the digits of vlq.h.
 *
 * `owners` has a column per property of a thread (pid, tid, start, and comm, thread, container as
 * numbers into `text`). `parts` says for each node with self weight, in layout order, what it is
 * made of: how many parts, and per part its owner and its weight; that of the last one is the rest.
 */
#pragma once

#include "common/outfile.h"
#include "layout.h"
#include "profile.h"
#include "style.h"

/* 0 or -ENOMEM. Errors of writing stay in the file until its commit. */
int page_write(const struct profile *p, const struct layout *l, const struct style *style,
	       struct outfile *o);
