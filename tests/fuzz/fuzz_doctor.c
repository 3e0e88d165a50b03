/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A binary that is given to `hearth doctor`, and everything that it makes the diagnosis read: the
 * input is all these files at once. Whatever is in it, lines are whole and files are closed.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose_file.h"
#include "loader_cache.h"
#include "package.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX_OPENS 5000 /* beyond, the world has no more files: a library may need itself for ever */

struct world {
	const uint8_t *data;
	size_t len;
	unsigned int n_opens;
};

static int open_same(void *ctx, const char *path, struct reader *ret)
{
	struct world *w = ctx;

	if (path[0] != '/')
		abort();
	if (w->n_opens++ > MAX_OPENS)
		return -ENOENT;
	reader_open_memory(ret, w->data, w->len);
	return 0;
}

static void check_line(const struct hearth_diagnosis *d, int32_t severity, const char *subject,
		       const char *finding, const char *mend)
{
	(void)d;
	if (severity < 0 || severity > 2 || !subject[0] || !finding[0] || (severity == 0 && mend) ||
	    (severity > 0 && (!mend || !mend[0])))
		abort();
}

static void look_at_texts(const struct file_source *source)
{
	struct package_query queries[] = { { .path = "/usr/bin/gzip" }, { .path = "/lib/x.so" } };
	const struct library_wish wish = {
		.name = "x.so", .run_path = "$ORIGIN/a:/b", .origin = "/usr/bin/gzip", .machine = 62,
		.is_64 = true,
	};
	char path[LIBRARY_MAX_PATH];
	struct loader_cache *cache;
	struct distribution d;
	struct elf_file f;

	distribution_read(source, &d);
	if (strlen(d.codename) >= sizeof(d.codename))
		abort();
	package_find_owners(source, queries, 2);
	if (loader_cache_new(source, &cache) < 0)
		return;
	if (loader_cache_open(cache, &wish, source, &f, path) == 0 && path[0] != '/')
		abort();
	loader_cache_free(cache);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct hearth_diagnosis diagnosis = { .size = sizeof(diagnosis),
							   .line = check_line };
	struct world world = { data, len, 0 };
	const struct file_source source = { open_same, &world };
	struct reader reader;

	reader_open_memory(&reader, data, len);
	diagnose_reader(&diagnosis, &reader, "/usr/bin/program", &source);
	world.n_opens = 0;
	look_at_texts(&source);
	return 0;
}
