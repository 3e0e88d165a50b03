/* SPDX-License-Identifier: Apache-2.0 */
/* The fd stays the same while the file behind it grows, so its size tells whether to look again. */
#include "code_names.h"

#include <errno.h>
#include <stdlib.h>

#include "perf_map.h"

#define MIN_PAUSE_NS 1000000000ull
#define PAUSE_FACTOR 9 /* of the time that reading took */

struct code {
	struct perf_map *map;
	uint64_t size, next_ns; /* of the file when it was read, and when it may be read again */
};

static void code_free(void *code)
{
	perf_map_free(((struct code *)code)->map);
	free(code);
}

static int code_new(const struct hearth_host *host, const struct reader *r, struct code **ret)
{
	uint64_t began_ns = host->now_ns(host), now_ns, pause_ns;
	struct code *code = calloc(1, sizeof(*code));
	int k;

	if (!code)
		return -ENOMEM;
	k = perf_map_new(r, &code->map);
	if (k < 0) {
		free(code);
		return k;
	}
	now_ns = host->now_ns(host);
	pause_ns = (now_ns - began_ns) * PAUSE_FACTOR;
	code->next_ns = now_ns + (pause_ns > MIN_PAUSE_NS ? pause_ns : MIN_PAUSE_NS);
	code->size = r->size;
	*ret = code;
	return 0;
}

static bool covers_all(const struct code *code, const uint64_t *addresses, uint32_t n)
{
	struct perf_map_piece piece;

	for (uint32_t i = 0; i < n; i++)
		if (!perf_map_find(code->map, addresses[i], &piece))
			return false;
	return true;
}

/* A file that shrank was begun anew: nothing that was read of it holds. */
static bool is_good(const struct code *code, uint64_t now_ns, const struct reader *r,
		    const uint64_t *addresses, uint32_t n)
{
	if (r->size < code->size)
		return false;
	return r->size == code->size || now_ns < code->next_ns || covers_all(code, addresses, n);
}

static int address_answer(const struct code *code, const struct reader *r, uint64_t address,
			  const struct hearth_naming *out)
{
	static char name[PERF_MAP_MAX_NAME];
	struct hearth_symbol_line line = { .function = name };
	struct perf_map_piece piece;

	if (!perf_map_find(code->map, address, &piece))
		return out->symbol(out->ctx, NULL, "generated code that the perf map does not name",
				   NULL, 0);
	if (perf_map_name(r, &piece, name) < 0)
		return out->symbol(out->ctx, NULL, "its line in the perf map is damaged", NULL, 0);
	line.start = piece.start;
	return out->symbol(out->ctx, NULL, NULL, &line, 1);
}

int code_names_answer(struct table_cache *cache, const struct hearth_host *host, uint64_t handle,
		      int fd, const uint64_t *addresses, uint32_t n, const struct hearth_naming *out,
		      const char **ret_cause)
{
	struct code *code = table_cache_find(cache, handle);
	struct reader r;
	int k;

	*ret_cause = "the perf map cannot be read";
	k = reader_open_fd(&r, fd);
	if (k < 0)
		return k;
	if (!code || !is_good(code, host->now_ns(host), &r, addresses, n)) {
		k = code_new(host, &r, &code);
		if (k < 0)
			return k;
		k = table_cache_put(cache, handle, &(struct cached_table){
							   .table = code,
							   .bytes = sizeof(*code) + perf_map_bytes(code->map),
							   .free = code_free,
						   });
		if (k < 0)
			return k;
	}
	for (uint32_t i = 0; i < n; i++) {
		k = address_answer(code, &r, addresses[i], out);
		if (k < 0)
			return k;
	}
	return 0;
}
