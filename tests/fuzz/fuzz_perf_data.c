/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording that somebody sends is read in the host itself: whatever its bytes are, reading ends,
 * and what comes out are whole batches. The corpus is made by perf_data_corpus.py.
 */
#include "test_reading.h"

enum { MAX_INPUT = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct reading t = { .r = 0 };

	if (len == 0 || len > MAX_INPUT)
		return 0;
	reading_run(&t, &perf_format, data, len);
	assert(t.r == 0 || t.r == -EBADMSG);
	assert((t.r == -EBADMSG) == (t.warnings.failure[0] != 0));
	return 0;
}
