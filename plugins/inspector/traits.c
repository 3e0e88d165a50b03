/* SPDX-License-Identifier: Apache-2.0 */
/* One question after the other, each answered by a file of its own. */
#include "traits.h"

#include <elf.h>
#include <string.h>

#include "common/cleanup.h"
#include "prologues.h"

/* Below that, cut stacks are no exception: hand-written assembly alone is a few percent. */
#define ENOUGH_PERCENT 80u

static bool has_section(const struct elf_file *f, const char *const *names, size_t n)
{
	struct elf_section s;

	for (size_t i = 0; i < n; i++)
		if (elf_section_find(f, names[i], &s) == 0 && s.type != SHT_NOBITS && s.size > 0)
			return true;
	return false;
}

#define HAS_SECTION(f, ...) \
	has_section(f, (const char *const[]){ __VA_ARGS__ }, \
		    ARRAY_SIZE(((const char *const[]){ __VA_ARGS__ })))

static void read_interpreter(const struct elf_file *f, char *ret, size_t size)
{
	struct elf_segment s;

	ret[0] = '\0';
	for (uint32_t i = 0; i < f->n_segments && elf_segment(f, i, &s) == 0; i++) {
		size_t max = s.file_size < size ? (size_t)s.file_size : size, len = 0;

		if (s.type != PT_INTERP)
			continue;
		if (reader_get_some(&f->reader, s.offset, ret, max, &len) < 0 ||
		    !memchr(ret, 0, len))
			ret[0] = '\0';
		return;
	}
}

/* The C library can be run too: it is its own name that makes it a library. */
static enum linkage linkage_of(const struct elf_file *f, const struct traits *t)
{
	bool is_library = t->dynamic.soname[0] && !t->dynamic.is_pie;

	switch (f->type) {
	case ET_EXEC:
		return t->interpreter[0] ? LINKAGE_DYNAMIC : LINKAGE_STATIC;
	case ET_REL:
		return LINKAGE_OBJECT;
	case ET_CORE:
		return LINKAGE_CORE;
	}
	if (is_library)
		return LINKAGE_LIBRARY;
	if (t->interpreter[0])
		return LINKAGE_DYNAMIC_PIE;
	return t->dynamic.is_pie ? LINKAGE_STATIC_PIE : LINKAGE_LIBRARY;
}

static void count_frames(const struct elf_file *f, struct traits *t)
{
	struct frame_count count = {};

	if (frame_rules_count(f, &count) == 0 && count.n > 0)
		t->frames_basis = FRAMES_BY_RULES;
	else if (prologues_count(f, &count) == 0)
		t->frames_basis = FRAMES_BY_PROLOGUES;
	t->frames = count;
}

void traits_read(const struct elf_file *f, const char *path, const struct file_source *source,
		 struct traits *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->machine = f->machine;
	ret->is_64 = f->is_64;
	read_interpreter(f, ret->interpreter, sizeof(ret->interpreter));
	(void)dynamic_read(f, &ret->dynamic);
	ret->linkage = linkage_of(f, ret);
	ret->language = source_language(f, ret->compiler);
	(void)elf_build_id(f, ret->build_id, &ret->build_id_len);
	ret->has_symbols = HAS_SECTION(f, ".symtab");
	ret->has_exports = HAS_SECTION(f, ".dynsym");
	ret->has_mini_symbols = HAS_SECTION(f, ".gnu_debugdata");
	ret->has_info = HAS_SECTION(f, ".debug_info", ".zdebug_info");
	ret->has_eh_frame = HAS_SECTION(f, ".eh_frame");
	debug_file_find(f, path, source, &ret->debug);
	count_frames(f, ret);
}

bool traits_are_named(const struct traits *t)
{
	return t->has_symbols || t->has_mini_symbols ||
	       (t->debug.state == DEBUG_FILE_FOUND && t->debug.has_symbols);
}

unsigned int traits_frame_percent(const struct traits *t)
{
	return (unsigned int)((uint64_t)t->frames.n_with_pointer * 100 / t->frames.n);
}

bool traits_have_frames(const struct traits *t)
{
	return t->language == LANGUAGE_GO ||
	       (t->frames_basis != FRAMES_UNKNOWN && traits_frame_percent(t) >= ENOUGH_PERCENT);
}
