/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's side of struct hearth_batch: immutable, reference-counted, freed by whoever lets go
 * last, on any thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <hearth/plugin.h>

#include "util/cleanup.h"

struct batch;

/*
 * Takes the segments of e, also on error. -EINVAL: no schema, a stride shorter than a segment, or
 * a segment without data; -ENOMEM. Calls release functions of the plugin when it fails, as
 * batch_unref() does: hold no lock.
 */
int batch_new(const struct hearth_emission *e, const char *instance, const char *run,
	      struct batch **ret);
/* Before anybody else sees it. */
void batch_set_sequence(struct batch *b, uint64_t sequence);
struct batch *batch_ref(struct batch *b);
struct batch *batch_unref(struct batch *b); /* NULL */
DEFINE_CLEANUP(struct batch *, batch_unref)

const struct hearth_batch *batch_public(const struct batch *b);
struct batch *batch_from_public(const struct hearth_batch *b);
/* What it weighs in a queue: its own segments; a parent's are its parent's. */
size_t batch_bytes(const struct batch *b);
