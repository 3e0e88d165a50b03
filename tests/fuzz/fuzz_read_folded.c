/* SPDX-License-Identifier: Apache-2.0 */
/* Text from anywhere as folded stacks. */
#include "read_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len)
		read_format(&folded_format, data, len);
	return 0;
}
