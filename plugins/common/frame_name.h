/* SPDX-License-Identifier: Apache-2.0 */
/* What people read for a frame of a batch, wherever it is shown. */
#pragma once

#include <stddef.h>

#include <hearth/profile.h>

/* Path of the file of a frame: its binary, or what is mapped at a raw address. "": none. Borrowed. */
const char *frame_module(const struct hearth_flat *f, const struct hearth_frame *frame);

/* "/usr/lib/libz.so.1.2.13 (deleted)" → "libz.so.1.2.13" */
void module_base_name(const char *path, char *out, size_t size);

/*
 * A frame without a name: "gzip+0x4883" (file and ELF virtual address), "[libz.so.1]" where only
 * the file is known, or "[unknown]".
 */
void frame_text(const struct hearth_frame *frame, const char *module, char *out, size_t size);
