/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The separate file with the symbols of a stripped one, where gdb looks for it too ("Separate
 * Debug Files" in its manual): by build id below /usr/lib/debug/.build-id, by .gnu_debuglink
 * beside the file, in .debug/ there, and below /usr/lib/debug.
 */
#pragma once

#include "debug_link.h"
#include "file_source.h"

#define DEBUG_FILE_MAX_PATH 4096u

enum debug_file_state {
	DEBUG_FILE_NONE,  /* nothing is where it would be looked for */
	DEBUG_FILE_FOUND,
	DEBUG_FILE_OTHER, /* a file is there, but of another build */
};

struct debug_file {
	enum debug_file_state state;
	bool has_symbols, has_info;      /* .symtab, .debug_info; DEBUG_FILE_FOUND */
	bool is_by_link;                 /* found by name, not by build id */
	char path[DEBUG_FILE_MAX_PATH];  /* of the file that is there */
	char link[DEBUG_LINK_MAX_NAME];  /* the name in .gnu_debuglink, "" without */
	char build_id_path[192];         /* where a file by build id would be; "" without id */
};

/* `path`: of f itself, absolute. */
void debug_file_find(const struct elf_file *f, const char *path, const struct file_source *source,
		     struct debug_file *ret);
