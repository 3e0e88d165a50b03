/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/maps and /proc/PID/stat: names in both are chosen by other processes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "maps.h"
#include "proc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int check_line(void *ctx, const struct maps_line *line)
{
	unsigned int *n = ctx;

	if (line->start >= line->end || !line->is_executable ||
	    (line->path_len && memchr(line->path, '\n', line->path_len)))
		abort();
	return ++*n > 1000 ? -1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct proc_stat stat;
	unsigned int n = 0;
	int fd = memfd_create("maps", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	(void)maps_read(fd, check_line, &n);
	close(fd);
	if (proc_stat_parse((const char *)data, len, &stat) == 0 &&
	    !memchr(stat.comm, 0, sizeof(stat.comm)))
		abort();
	return 0;
}
