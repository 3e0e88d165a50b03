/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that bring their names along, as folded stacks and pprof have them. */
#pragma once

#include <hearth/profile_builder.h>

/*
 * A frame of its own, whatever others look like; of n lines, innermost first. FRAMES and its names
 * grow together: interned frames made before have none. Errors stay in the builder.
 */
uint32_t named_frame(struct hearth_flat_builder *b, const struct hearth_frame *frame,
		     const struct hearth_line *lines, uint32_t n);
