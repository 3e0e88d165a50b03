/* SPDX-License-Identifier: Apache-2.0 */
/* A profile.proto from anywhere, packed or not. */
#include "read_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len)
		read_format(&pprof_format, data, len);
	return 0;
}
