/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/stat: one line per CPU, of which there may be more than were possible a moment ago. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rate_cpu cpus[4] = {};
	char *text = calloc(1, len + 1);

	if (!text)
		return 0;
	memcpy(text, data, len);
	(void)rate_parse(text, cpus, 3);
	if (cpus[3].is_online || cpus[3].idle_ns)
		abort();
	free(text);
	return 0;
}
