/* SPDX-License-Identifier: Apache-2.0 */
/* All that decides how well a file can be profiled, gathered before anything is said about it. */
#pragma once

#include "debug_file.h"
#include "dynamic.h"
#include "frame_rules.h"
#include "source_language.h"

enum linkage {
	LINKAGE_STATIC,
	LINKAGE_STATIC_PIE,
	LINKAGE_DYNAMIC,
	LINKAGE_DYNAMIC_PIE,
	LINKAGE_LIBRARY,
	LINKAGE_OBJECT, /* .o, kernel module */
	LINKAGE_CORE,
};

/* From where the share of functions with a frame pointer is known. */
enum frames_basis { FRAMES_UNKNOWN, FRAMES_BY_RULES, FRAMES_BY_PROLOGUES };

struct traits {
	uint16_t machine;
	bool is_64;
	enum linkage linkage;
	char interpreter[DYNAMIC_MAX_NAME]; /* PT_INTERP, "" without */
	struct dynamic dynamic;
	enum language language;
	char compiler[COMPILER_MAX];
	uint8_t build_id[ELF_MAX_BUILD_ID];
	uint32_t build_id_len;
	bool has_symbols;      /* .symtab */
	bool has_exports;      /* .dynsym */
	bool has_mini_symbols; /* .gnu_debugdata */
	bool has_info;         /* .debug_info */
	bool has_eh_frame;
	struct debug_file debug; /* separate symbols */
	enum frames_basis frames_basis;
	struct frame_count frames;
};

/* `path`: of f, absolute. What is damaged reads as missing. */
void traits_read(const struct elf_file *f, const char *path, const struct file_source *source,
		 struct traits *ret);

/* Functions that are not exported have names too, from wherever. */
bool traits_are_named(const struct traits *t);
/* Of functions that keep a frame pointer; frames_basis must be known. */
unsigned int traits_frame_percent(const struct traits *t);
/* Stacks can be followed through it by frame pointers. */
bool traits_have_frames(const struct traits *t);
