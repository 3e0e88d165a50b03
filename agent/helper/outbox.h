/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of one request on their way out of a helper, in messages as full as they can be. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "helper/protocol.h"

struct outbox {
	const struct message_header *request; /* borrowed */
	size_t len;
	uint32_t n; /* records in payload; of its filler */
	uint8_t payload[HELPER_MAX_PAYLOAD];
};

void outbox_begin(struct outbox *o, const struct message_header *request);
/* What is in it, as one message. 0 or the error of the socket. */
int outbox_send(struct outbox *o, uint32_t flags);
/* Sends what does not fit any more; the last bytes stay for outbox_send. */
int outbox_bytes(struct outbox *o, const void *data, uint64_t len);
