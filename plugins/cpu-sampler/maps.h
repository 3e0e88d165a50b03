/* SPDX-License-Identifier: Apache-2.0 */
/* The text of /proc/PID/maps, as proc(5) has it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One line. The path is borrowed, not NUL-terminated, and without " (deleted)". */
struct maps_line {
	uint64_t start, end, file_offset, inode;
	uint32_t device_major, device_minor;
	bool is_executable;
	const char *path;
	size_t path_len;
};

/* 0, or -EBADMSG for text that is not a line of a map. `line` is without newline. */
int maps_line_parse(const char *line, size_t len, struct maps_line *ret);

typedef int (*maps_line_fn)(void *ctx, const struct maps_line *line);

/*
 * Calls fn for each executable line of fd, until it answers < 0, which is then the result.
 * -E2BIG: more than MAPS_MAX_BYTES, or a line beyond reason; what came before was delivered.
 */
#define MAPS_MAX_BYTES (16u << 20)
int maps_read(int fd, maps_line_fn fn, void *ctx);
