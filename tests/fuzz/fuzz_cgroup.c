/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/cgroup: whoever may make control groups chooses their names. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const char *s, size_t size)
{
	size_t n = strnlen(s, size);

	if (n == size || strspn(s, "0123456789abcdef-") != n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct container c;

	container_parse((const char *)data, len, &c);
	check(c.id, sizeof(c.id));
	check(c.pod_uid, sizeof(c.pod_uid));
	return 0;
}
