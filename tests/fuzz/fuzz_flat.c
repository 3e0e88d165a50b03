/* SPDX-License-Identifier: Apache-2.0 */
/* A batch that came from another process or from disk: refused, or read without leaving it. */
#include <stddef.h>
#include <stdint.h>

#include <hearth/flat.h>

#include "unit/sdk/read_all.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	/* Two segments, as a derived batch has, so that the numbers of segments matter too. */
	size_t split = len > 64 ? len / 2 : len;
	const struct hearth_span spans[] = { { data, len }, { data + split, len - split } };
	const struct hearth_batch batch = {
		.size = sizeof(batch),
		.n_segments = 2,
		.schema = HEARTH_PROFILE_SCHEMA,
		.segments = spans,
		.instance = "",
		.run = "",
	};
	struct hearth_flat f;

	if (hearth_flat_open(&f, &batch) >= 0)
		(void)read_all(&f);
	return 0;
}
