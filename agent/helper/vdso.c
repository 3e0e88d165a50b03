/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vdso is a file that exists in memory only, and the same one in every 64-bit process, us
 * included: so its names come from our own copy, and no process has to be read for them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "helper/helpers_internal.h"
#include "util/file.h"

#define FIRST_ADDRESS_OF_64_BIT (4ull << 30)

/* Where it is mapped here. What it is, the inspector finds out. */
static int image_find(const char **ret, size_t *ret_len)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	uint64_t start, end;
	int r = -ENOENT;

	if (!maps)
		return -errno;
	while (r < 0 && fgets(line, sizeof(line), maps)) {
		if (!strstr(line, " [vdso]") ||
		    sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) != 2)
			continue;
		*ret = (const char *)(uintptr_t)start;
		*ret_len = end - start;
		r = 0;
	}
	fclose(maps);
	return r;
}

static int image_open(void)
{
	_cleanup_close_ int fd = -1;
	const char *image;
	size_t len;
	int r;

	r = image_find(&image, &len);
	if (r < 0)
		return r;
	fd = memfd_create("hearth-vdso", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, image, len);
	return r < 0 ? r : TAKE_FD(fd);
}

int vdso_handle(struct helpers *h, uint64_t *ret)
{
	struct file *file;
	int r;

	if (file_table_find(h->files, h->vdso_handle, &file) < 0) {
		r = image_open();
		if (r < 0)
			return r;
		r = file_table_add(h->files, FILE_ELF, r, &file);
		if (r < 0)
			return r;
		h->vdso_handle = file->handle;
	}
	*ret = h->vdso_handle;
	return 0;
}

bool vdso_is(const struct hearth_inspect_target *t)
{
	return strcmp(t->path, "[vdso]") == 0;
}

void vdso_admit(struct helpers *h, struct request *r)
{
	int k;

	if (r->target.map_end <= FIRST_ADDRESS_OF_64_BIT) {
		request_fail(r, -ENOTSUP, "the vdso of a 32-bit process");
		request_free(r);
		return;
	}
	k = vdso_handle(h, &r->handle);
	if (k < 0) {
		request_fail(r, k, "our own vdso cannot be copied: %s", strerrordesc_np(-k));
		request_free(r);
		return;
	}
	lane_push(h->inspector, r);
}
