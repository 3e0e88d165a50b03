/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that is found by name proves that it belongs by its build id, or, where one of both has
 * none, by the checksum beside the name; nothing is worse than names of another build.
 */
#include "debug_file.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"

#define DEBUG_ROOT "/usr/lib/debug"
#define CHUNK 65536u
#define MAX_CHECKED (256ull << 20) /* bytes: a second or two */

static bool has_section(const struct elf_file *f, const char *name)
{
	struct elf_section s;

	return elf_section_find(f, name, &s) == 0 && s.type != SHT_NOBITS;
}

/* CRC-32 as in zlib and .gnu_debuglink, a table of 16 rows: half a byte at a time. */
static uint32_t checksum(uint32_t crc, const uint8_t *data, size_t len)
{
	static const uint32_t rows[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};

	for (size_t i = 0; i < len; i++) {
		crc = rows[(crc ^ data[i]) & 15] ^ crc >> 4;
		crc = rows[(crc ^ data[i] >> 4) & 15] ^ crc >> 4;
	}
	return crc;
}

static int file_checksum(const struct reader *r, uint32_t *ret)
{
	uint8_t chunk[CHUNK];
	uint32_t crc = UINT32_MAX;
	size_t len;

	if (r->size > MAX_CHECKED)
		return -EFBIG;
	for (uint64_t at = 0; at < r->size; at += len) {
		int k = reader_get_some(r, at, chunk, sizeof(chunk), &len);

		if (k < 0 || len == 0)
			return k < 0 ? k : -ERANGE;
		crc = checksum(crc, chunk, len);
	}
	*ret = ~crc;
	return 0;
}

/* The section is the name, padded to four bytes, and the checksum. */
static int read_link(const struct elf_file *f, char *ret_name, size_t size, uint32_t *ret_crc)
{
	struct elf_section s;
	size_t len = 0, at;

	if (elf_section_find(f, ".gnu_debuglink", &s) < 0 || s.type == SHT_NOBITS || s.size < 8 ||
	    s.size > size)
		return -ENODATA;
	if (reader_get_some(&f->reader, s.offset, ret_name, (size_t)s.size, &len) < 0 ||
	    !memchr(ret_name, 0, len) || strchr(ret_name, '/')) {
		ret_name[0] = '\0';
		return -ENODATA;
	}
	at = (strlen(ret_name) + 4) & ~(size_t)3;
	if (at + sizeof(*ret_crc) > len)
		return -ENODATA;
	memcpy(ret_crc, ret_name + at, sizeof(*ret_crc));
	return 0;
}

/* 1: the same, 0: different, -ENODATA: one has none. */
static int same_build_id(const struct elf_file *a, const struct elf_file *b)
{
	uint8_t id_a[ELF_MAX_BUILD_ID], id_b[ELF_MAX_BUILD_ID];
	uint32_t len_a, len_b;

	if (elf_build_id(a, id_a, &len_a) < 0 || elf_build_id(b, id_b, &len_b) < 0)
		return -ENODATA;
	return len_a == len_b && memcmp(id_a, id_b, len_a) == 0;
}

static bool belongs(const struct elf_file *f, const struct elf_file *found, const uint32_t *crc)
{
	int same = same_build_id(f, found);
	uint32_t is;

	if (same >= 0)
		return same == 1;
	return crc && file_checksum(&found->reader, &is) == 0 && is == *crc;
}

/* True if the search is over. crc: NULL where the file is looked for by build id. */
static bool try(const struct elf_file *f, const char *path, const uint32_t *crc,
		const struct file_source *source, struct debug_file *ret)
{
	struct elf_file found;
	struct reader reader;

	if (source->open(source->ctx, path, &reader) < 0)
		return false;
	if (elf_open(&found, &reader) == 0 && belongs(f, &found, crc)) {
		ret->state = DEBUG_FILE_FOUND;
		ret->is_by_link = crc != NULL;
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
	return try(f, ret->build_id_path, NULL, source, ret);
}

static void try_link(const struct elf_file *f, const char *path, const struct file_source *source,
		     struct debug_file *ret)
{
	static const struct {
		const char *before, *behind;
	} places[] = { { "", "" }, { "", ".debug/" }, { DEBUG_ROOT, "" } };
	const char *slash = strrchr(path, '/');
	char candidate[DEBUG_FILE_MAX_PATH];
	uint32_t crc;

	if (!slash || read_link(f, ret->link, sizeof(ret->link), &crc) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int n = snprintf(candidate, sizeof(candidate), "%s%.*s%s%s", places[i].before,
				 (int)(slash + 1 - path), path, places[i].behind, ret->link);

		/* A file that names itself would be read as its own symbols. */
		if (n < 0 || (size_t)n >= sizeof(candidate) || strcmp(candidate, path) == 0)
			continue;
		if (try(f, candidate, &crc, source, ret))
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
