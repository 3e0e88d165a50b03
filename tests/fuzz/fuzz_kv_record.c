/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are a record of this key or are not: then nothing of them is handed out. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/kv_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const void *value = NULL;
	const char *why = NULL;
	size_t value_len = 0, again_len;
	void *again;

	if (kv_record_read("key", data, len, &value, &value_len, &why) < 0) {
		if (value || !why)
			abort();
		return 0;
	}
	/* What is believed is what would be written. */
	if (kv_record_write("key", value, value_len, &again, &again_len) < 0)
		return 0;
	if (again_len != len || memcmp(again, data, len) != 0)
		abort();
	free(again);
	return 0;
}
