/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of another build are worse than none, so a file that was found by its name has to prove
 * itself: by its build id where the mapped file has one, by its checksum where it has not.
 */
#include "debug_link.h"

#include <errno.h>
#include <lzma.h>
#include <string.h>

int debug_link_read(const struct elf_file *f, struct debug_link *ret)
{
	uint8_t content[DEBUG_LINK_MAX_NAME + 2 * sizeof(uint32_t)];
	struct debug_link link = {};
	struct elf_section s;
	size_t len, crc_at;

	if (elf_section_find(f, ".gnu_debuglink", &s) < 0 || s.size > sizeof(content) ||
	    reader_get(&f->reader, s.offset, content, (size_t)s.size) < 0)
		return -ENOENT;
	len = strnlen((const char *)content, (size_t)s.size);
	crc_at = (len + sizeof(link.crc)) & ~(sizeof(link.crc) - 1); /* behind the NUL, aligned */
	if (len == 0 || len >= sizeof(link.name) || crc_at + sizeof(link.crc) > s.size)
		return -ENOENT;
	memcpy(link.name, content, len);
	memcpy(&link.crc, content + crc_at, sizeof(link.crc));
	if (strchr(link.name, '/') || strcmp(link.name, ".") == 0 || strcmp(link.name, "..") == 0)
		return -ENOENT;
	*ret = link;
	return 0;
}

static int file_crc(const struct reader *r, uint32_t *ret)
{
	uint8_t chunk[32 << 10];
	uint32_t crc = 0;
	size_t got;

	if (r->size > DEBUG_LINK_MAX_FILE)
		return -EFBIG;
	for (uint64_t at = 0; at < r->size; at += got) {
		int k = reader_get_some(r, at, chunk, sizeof(chunk), &got);

		if (k < 0)
			return k;
		crc = lzma_crc32(chunk, got, crc);
	}
	*ret = crc;
	return 0;
}

int debug_link_match(const struct elf_file *f, const struct elf_file *debug)
{
	uint8_t id[ELF_MAX_BUILD_ID], debug_id[ELF_MAX_BUILD_ID];
	uint32_t id_len = 0, debug_id_len = 0, crc;
	struct debug_link link;
	int k;

	if (f->is_64 != debug->is_64 || f->machine != debug->machine)
		return -ESTALE;
	if (elf_build_id(f, id, &id_len) == 0) {
		if (elf_build_id(debug, debug_id, &debug_id_len) < 0 || id_len != debug_id_len ||
		    memcmp(id, debug_id, id_len) != 0)
			return -ESTALE;
		return 0;
	}
	if (debug_link_read(f, &link) < 0)
		return -ESTALE;
	k = file_crc(&debug->reader, &crc);
	if (k < 0)
		return k;
	return crc == link.crc ? 0 : -ESTALE;
}
