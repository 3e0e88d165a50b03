/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protobuf wire format, without a schema: a writer that appends fields to one growing buffer,
 * and a reader that walks the fields of a message in place. Who uses it has the field numbers.
 *
 * Source: Protocol Buffers, "Encoding". Groups, which nobody has written for a decade, are an
 * error to the reader.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROTOBUF_VARINT = 0,
	PROTOBUF_FIXED64 = 1,
	PROTOBUF_BYTES = 2,
	PROTOBUF_FIXED32 = 5,
};

/* Zero it before use. The first failure stays in `error` (-ENOMEM), and nothing is appended then. */
struct protobuf {
	uint8_t *bytes;
	size_t len, capacity;
	int error;
};

void protobuf_done(struct protobuf *p);
/* Forgets what was written and keeps the memory. */
void protobuf_reset(struct protobuf *p);

/* Fields of value 0 are left out, as proto3 has it; protobuf_put_element() writes those as well. */
void protobuf_put_varint(struct protobuf *p, uint32_t field, uint64_t value);
void protobuf_put_fixed64(struct protobuf *p, uint32_t field, uint64_t value);
void protobuf_put_double(struct protobuf *p, uint32_t field, double value);
void protobuf_put_bytes(struct protobuf *p, uint32_t field, const void *bytes, size_t len);

/*
 * A field that has its length in front: a message, a packed list, an element of repeated bytes.
 * What is put between open and close is inside; close gets what open answered.
 */
size_t protobuf_open(struct protobuf *p, uint32_t field);
void protobuf_close(struct protobuf *p, size_t mark);
void protobuf_put_element(struct protobuf *p, uint64_t value); /* of a packed list of varints */
void protobuf_put_raw(struct protobuf *p, const void *bytes, size_t len);

/* What is left of a message; borrowed. */
struct protobuf_reader {
	const uint8_t *at, *end;
};

struct protobuf_field {
	uint32_t number, type; /* PROTOBUF_* */
	uint64_t value;        /* of a number, however wide */
	struct protobuf_reader bytes;
};

/* 1: here is a field; 0: the message is over; -EBADMSG: it is not one, from here on. */
int protobuf_next(struct protobuf_reader *r, struct protobuf_field *ret);

/* The next varint of a packed list, answers like protobuf_next(). */
int protobuf_next_element(struct protobuf_reader *r, uint64_t *ret);

static inline size_t protobuf_left(const struct protobuf_reader *r)
{
	return (size_t)(r->end - r->at);
}
