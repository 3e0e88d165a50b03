/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame that has no name still tells something: which file, and where in it, so that a person
 * can install the right package and a second recording shows the same text for the same code.
 */
#include "frame_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *frame_module(const struct hearth_flat *f, const struct hearth_frame *frame)
{
	uint32_t binary = frame->binary;

	if (binary == 0)
		binary = hearth_profile_mapping(f, frame->mapping).binary;
	return hearth_flat_string(f, hearth_profile_binary(f, binary).path);
}

void module_base_name(const char *path, char *out, size_t size)
{
	static const char deleted[] = " (deleted)";
	const char *slash = strrchr(path, '/'), *name = slash && slash[1] ? slash + 1 : path;
	size_t len = strlen(name), tail = sizeof(deleted) - 1;

	if (len > tail && strcmp(name + len - tail, deleted) == 0)
		len -= tail;
	if (len >= size)
		len = size - 1;
	memcpy(out, name, len);
	out[len] = 0;
}

void frame_text(const struct hearth_frame *frame, const char *module, char *out, size_t size)
{
	char base[256];

	module_base_name(module, base, sizeof(base));
	if (!*base)
		snprintf(out, size, "[unknown]");
	else if (!(frame->flags & HEARTH_FRAME_RAW))
		snprintf(out, size, "%s+0x%" PRIx64, base, frame->address);
	else
		snprintf(out, size, *base == '[' ? "%s" : "[%s]", base);
}
