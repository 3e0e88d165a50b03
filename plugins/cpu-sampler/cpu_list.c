/* SPDX-License-Identifier: Apache-2.0 */
/* CPUs come and go, and their numbers have holes; sysfs tells which are there now. */
#include "cpu_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

static int take_cpu(const char **at, uint32_t *ret)
{
	char *end;
	unsigned long v;

	if (**at < '0' || **at > '9')
		return -EBADMSG;
	v = strtoul(*at, &end, 10);
	if (v >= SAMPLE_MAX_CPUS)
		return -ERANGE;
	*at = end;
	*ret = (uint32_t)v;
	return 0;
}

static int take_range(const char **at, struct cpu_set *s)
{
	uint32_t first, last;
	int r = take_cpu(at, &first);

	if (r < 0)
		return r;
	last = first;
	if (**at == '-') {
		(*at)++;
		r = take_cpu(at, &last);
		if (r < 0)
			return r;
	}
	for (uint32_t cpu = first; cpu <= last; cpu++)
		s->bits[cpu / 64] |= 1ull << (cpu % 64);
	return first <= last ? 0 : -EBADMSG;
}

int cpu_set_parse(const char *text, struct cpu_set *ret)
{
	struct cpu_set s = {};

	for (;;) {
		int r = take_range(&text, &s);

		if (r < 0)
			return r;
		if (*text == ',') {
			text++;
			continue;
		}
		if (*text && strcmp(text, "\n") != 0)
			return -EBADMSG;
		*ret = s;
		return 0;
	}
}

int cpu_set_read(const char *path, struct cpu_set *ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = 0;
	return cpu_set_parse(text, ret);
}

uint32_t cpu_set_count(const struct cpu_set *s)
{
	uint32_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(s->bits); i++)
		n += (uint32_t)__builtin_popcountll(s->bits[i]);
	return n;
}

uint32_t cpu_set_end(const struct cpu_set *s)
{
	for (uint32_t i = ARRAY_SIZE(s->bits); i-- > 0;)
		if (s->bits[i])
			return i * 64 + 64 - (uint32_t)__builtin_clzll(s->bits[i]);
	return 0;
}
