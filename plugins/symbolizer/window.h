/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One batch on its way through the symbolizer: which of its frames want names, the names that
 * have come, and the derived batch that is made of them. Samples and stacks are not touched.
 * [instance thread]
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/flat_builder.h>
#include <hearth/inspect.h>
#include <hearth/profile.h>

#include "cache.h"
#include "runtimes.h"
#include "stripped.h"

/* As the inspector puts it. */
#define NO_SYMBOL "no symbol covers it"
#define NO_SYMBOLS "the file has no symbols (stripped)"
/* As the opener does. */
#define NO_PERF_MAP "generated code without a /tmp/perf-PID.map"

/* What is to be said at the end of a run of names that were missing. */
struct missing {
	struct stripped stripped;
	struct runtimes runtimes;
};

/* A frame that wants a name. */
struct wanted {
	uint64_t handle, address; /* CACHE_KERNEL, or hearth_binary.handle; as to be looked up */
	uint32_t frame;
	bool is_code; /* generated: another name may be there soon, so it is not remembered */
};

struct window {
	const struct hearth_host *host;
	const struct hearth_batch *batch; /* retained */
	struct hearth_flat flat;
	struct hearth_flat_builder names; /* own sections of the derived batch */
	struct hearth_frame_lines *frames; /* parallel to FRAMES */
	uint32_t n_frames, n_open; /* requests without an answer yet */
	struct wanted *wanted;     /* sorted by handle and address */
	uint32_t n_wanted;
	uint64_t deadline_ns;
	struct missing *missing;   /* the symbolizer's, filled when the window is emitted */
	bool is_sealed;
	struct window *next;
};

/*
 * Retains the batch, keeps the names that it already has, takes those that the cache knows, and
 * lists the others in `wanted`. -EBADMSG or -ENOMEM.
 */
int window_new(const struct hearth_host *h, const struct hearth_batch *b, struct cache *cache,
	       struct missing *missing, struct window **ret);
struct window *window_free(struct window *w); /* NULL */
DEFINE_CLEANUP(struct window *, window_free)

/* The name of a frame, or `cause` if n_lines is 0. */
void window_name(struct window *w, uint32_t frame, const struct hearth_symbol *symbol,
		 const struct hearth_symbol_line *lines);
/* Frames that stayed without an answer get this cause. */
void window_give_up(struct window *w, const char *cause);

/*
 * Emits the derived batch; the first call counts unnamed frames. Answers like
 * hearth_host.emit; -EAGAIN: to be called again.
 */
int32_t window_emit(struct window *w);
