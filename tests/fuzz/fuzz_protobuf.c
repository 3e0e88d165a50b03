/* SPDX-License-Identifier: Apache-2.0 */
/* A message from anywhere: what can be read of it can be written, and reads back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/protobuf.h"

enum { MAX_DEPTH = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void write_field(struct protobuf *p, const struct protobuf_field *f)
{
	if (f->type == PROTOBUF_BYTES)
		protobuf_put_bytes(p, f->number, f->bytes.at, protobuf_left(&f->bytes));
	else if (f->type == PROTOBUF_FIXED64)
		protobuf_put_fixed64(p, f->number, f->value);
	else
		protobuf_put_varint(p, f->number, f->value);
}

static void check_field(const struct protobuf_field *f)
{
	_cleanup_(protobuf_done) struct protobuf p = { .bytes = NULL };
	struct protobuf_field again;
	struct protobuf_reader r;
	size_t n = protobuf_left(&f->bytes);

	write_field(&p, f);
	r = (struct protobuf_reader){ p.bytes, p.bytes + p.len };
	if (protobuf_next(&r, &again) == 0) {
		if (f->value || n)
			abort(); /* only what is nothing may be left out */
		return;
	}
	if (again.number != f->number || again.value != f->value || protobuf_left(&again.bytes) != n ||
	    (n && memcmp(again.bytes.at, f->bytes.at, n) != 0) || protobuf_left(&r) != 0)
		abort();
}

static void walk(struct protobuf_reader r, unsigned int depth)
{
	const uint8_t *before = r.at;
	struct protobuf_field f;
	uint64_t element;

	for (; protobuf_next(&r, &f) == 1; before = r.at) {
		struct protobuf_reader list = f.bytes;

		if (r.at <= before || r.at > r.end)
			abort();
		check_field(&f);
		while (protobuf_next_element(&list, &element) == 1)
			;
		if (f.type == PROTOBUF_BYTES && depth < MAX_DEPTH)
			walk(f.bytes, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	walk((struct protobuf_reader){ data, data + len }, 0);
	return 0;
}
