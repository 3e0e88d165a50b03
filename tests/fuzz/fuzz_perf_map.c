/* SPDX-License-Identifier: Apache-2.0 */
/* What a target calls its generated code: pieces cover what they name, and names are of the file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "perf_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void look_up(const struct perf_map *m, const struct reader *r, uint64_t address)
{
	static char name[PERF_MAP_MAX_NAME];
	struct perf_map_piece piece;
	int k;

	if (!perf_map_find(m, address, &piece))
		return;
	if (piece.start > address || piece.line >= r->size)
		abort();
	k = perf_map_name(r, &piece, name);
	if (k == 0 && (*name == '\0' || strlen(name) >= sizeof(name) || strchr(name, '\n')))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct perf_map *m;
	struct reader r;

	reader_open_memory(&r, data, len);
	if (perf_map_new(&r, &m) < 0)
		return 0;
	for (uint64_t address = 0; address < 0x4000; address += 16)
		look_up(m, &r, address);
	look_up(m, &r, UINT64_MAX);
	look_up(m, &r, UINT64_MAX - 1);
	perf_map_free(m);
	return 0;
}
