/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is there but does not belong is remembered: "it is of another build" mends more than "there
 * is none".
 */
#include "debug_file.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"

#define DEBUG_ROOT "/usr/lib/debug"

static bool has_section(const struct elf_file *f, const char *name)
{
	struct elf_section s;

	return elf_section_find(f, name, &s) == 0 && s.type != SHT_NOBITS;
}

/* True if the search is over. */
static bool try(const struct elf_file *f, const char *path, bool is_by_link,
		const struct file_source *source, struct debug_file *ret)
{
	struct elf_file found;
	struct reader reader;

	if (source->open(source->ctx, path, &reader) < 0)
		return false;
	if (elf_open(&found, &reader) == 0 && debug_link_match(f, &found) == 0) {
		ret->state = DEBUG_FILE_FOUND;
		ret->is_by_link = is_by_link;
		ret->has_symbols = has_section(&found, ".symtab");
		ret->has_info = has_section(&found, ".debug_info");
	} else {
		ret->state = DEBUG_FILE_OTHER;
	}
	file_source_close(&reader);
	snprintf(ret->path, sizeof(ret->path), "%s", path);
	return ret->state == DEBUG_FILE_FOUND;
}

static bool try_build_id(const struct elf_file *f, const struct file_source *source,
			 struct debug_file *ret)
{
	uint8_t id[ELF_MAX_BUILD_ID];
	uint32_t len = 0;
	int at;

	if (elf_build_id(f, id, &len) < 0 || len < 2)
		return false;
	at = snprintf(ret->build_id_path, sizeof(ret->build_id_path), DEBUG_ROOT "/.build-id/%02x/",
		      id[0]);
	for (uint32_t i = 1; i < len; i++)
		at += snprintf(ret->build_id_path + at, 3, "%02x", id[i]);
	snprintf(ret->build_id_path + at, sizeof(".debug"), ".debug");
	return try(f, ret->build_id_path, false, source, ret);
}

static void try_link(const struct elf_file *f, const char *path, const struct file_source *source,
		     struct debug_file *ret)
{
	static const struct {
		const char *before, *behind;
	} places[] = { { "", "" }, { "", ".debug/" }, { DEBUG_ROOT, "" } };
	const char *slash = strrchr(path, '/');
	char candidate[DEBUG_FILE_MAX_PATH];
	struct debug_link link;

	if (!slash || debug_link_read(f, &link) < 0)
		return;
	memcpy(ret->link, link.name, sizeof(ret->link));
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int n = snprintf(candidate, sizeof(candidate), "%s%.*s%s%s", places[i].before,
				 (int)(slash + 1 - path), path, places[i].behind, ret->link);

		/* A file that names itself would be read as its own symbols. */
		if (n < 0 || (size_t)n >= sizeof(candidate) || strcmp(candidate, path) == 0)
			continue;
		if (try(f, candidate, true, source, ret))
			return;
	}
}

void debug_file_find(const struct elf_file *f, const char *path, const struct file_source *source,
		     struct debug_file *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!try_build_id(f, source, ret))
		try_link(f, path, source, ret);
}
