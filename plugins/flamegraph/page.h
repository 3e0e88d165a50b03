/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flamegraph.html: one self-contained page. Its source is in page/; here the data goes in.
 *
 * Data: a JSON object in a <script type="application/json"> element. `names` and `modules` are
 * string tables; label i is called names[i], is of kind kindNames[kind[i]] and lives in
 * modules[module[i]]; labels are sorted by how many nodes have them. `nodes` is the tree in
 * layout order, per node: (levels to go up from the previous node << 1 | has self weight), label,
 * and the self weight if it has one, each as a base64 VLQ (six bits per character, least
 * significant five first, bit 32: another follows).
 */
#pragma once

#include <hearth/plugin.h>

#include "common/outfile.h"
#include "layout.h"
#include "profile.h"

struct page_about {
	const char *title; /* NULL: none was given */
	const struct hearth_label *labels; /* of the host: service.name, host.name, … */
	uint32_t n_labels, label_stride;
};

/* 0 or -ENOMEM. Errors of writing stay in the file until its commit. */
int page_write(const struct profile *p, const struct layout *l, const struct page_about *about,
	       struct outfile *o);
