/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a perf ring, one behind the other, as event_rings.c walks them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "perf_records.h"
#include "perf_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Strings must end inside the record that they were read from. */
static void check_string(const char *s, const uint8_t *record, size_t len)
{
	const uint8_t *at = (const uint8_t *)s;

	if (s && (at < record || at >= record + len || !memchr(at, 0, (size_t)(record + len - at))))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct perf_sample sample;

	while (len >= sizeof(struct perf_event_header)) {
		struct perf_event_header head;
		struct process_event e;

		memcpy(&head, data, sizeof(head));
		if (perf_record_parse(data, len, &e) == 0) {
			check_string(e.comm, data, head.size);
			check_string(e.path, data, head.size);
			if (e.kind == PROCESS_EVENT_MMAP && (e.start >= e.end || !e.path))
				abort();
			if (e.kind == PROCESS_EVENT_SAMPLE) {
				if (e.chain + e.n_chain * sizeof(uint64_t) > data + head.size)
					abort();
				perf_sample_take(&e, &sample);
				if (sample.head.n_user > SAMPLE_MAX_FRAMES)
					abort();
			}
		}
		if (head.size == 0 || head.size > len)
			break;
		data += head.size;
		len -= head.size;
	}
	return 0;
}
