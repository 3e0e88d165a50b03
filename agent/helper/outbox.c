/* SPDX-License-Identifier: Apache-2.0 */
/* An answer may be longer than a message; the host puts the pieces together again. */
#include "helper/outbox.h"

#include <string.h>

void outbox_begin(struct outbox *o, const struct message_header *request)
{
	o->request = request;
	o->len = 0;
	o->n = 0;
}

int outbox_send(struct outbox *o, uint32_t flags)
{
	struct message_header header = {
		.type = o->request->type,
		.flags = flags,
		.id = o->request->id,
		.n = o->n,
	};
	int r = message_send(HELPER_SOCKET, &header, o->payload, o->len, NULL, 0, 0);

	o->len = 0;
	o->n = 0;
	return r;
}

int outbox_bytes(struct outbox *o, const void *data, uint64_t len)
{
	const uint8_t *from = data;

	while (len > 0) {
		size_t space = sizeof(o->payload) - o->len, n = len < space ? (size_t)len : space;
		int r;

		memcpy(o->payload + o->len, from, n);
		o->len += n;
		from += n;
		len -= n;
		if (o->len < sizeof(o->payload))
			continue;
		r = outbox_send(o, 0);
		if (r < 0)
			return r;
	}
	return 0;
}
