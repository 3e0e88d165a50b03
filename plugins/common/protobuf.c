/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library for this would bring a schema compiler into the build and a tree of objects into
 * memory. Profiles have few kinds of messages and very many of each: they are laid out and read
 * field by field, without either.
 */
#include "common/protobuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_VARINT = 10, /* bytes of 64 bits, seven each */
	MAX_FIELD = (1 << 29) - 1,
};

void protobuf_done(struct protobuf *p)
{
	free(p->bytes);
	*p = (struct protobuf){ .bytes = NULL };
}

void protobuf_reset(struct protobuf *p)
{
	p->len = 0;
	p->error = 0;
}

static bool protobuf_reserve(struct protobuf *p, size_t more)
{
	size_t capacity = p->capacity ? p->capacity : 256, need;
	void *bytes;

	if (p->error || __builtin_add_overflow(p->len, more, &need) || need > SIZE_MAX / 2) {
		p->error = p->error ? p->error : -ENOMEM;
		return false;
	}
	if (need <= p->capacity)
		return true;
	while (capacity < need)
		capacity *= 2;
	bytes = realloc(p->bytes, capacity);
	if (!bytes) {
		p->error = -ENOMEM;
		return false;
	}
	p->bytes = bytes;
	p->capacity = capacity;
	return true;
}

static size_t encode_varint(uint8_t out[static MAX_VARINT], uint64_t value)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		out[n++] = (uint8_t)(value | 0x80);
	out[n++] = (uint8_t)value;
	return n;
}

void protobuf_put_element(struct protobuf *p, uint64_t value)
{
	if (protobuf_reserve(p, MAX_VARINT))
		p->len += encode_varint(p->bytes + p->len, value);
}

static void put_tag(struct protobuf *p, uint32_t field, uint32_t type)
{
	protobuf_put_element(p, (uint64_t)field << 3 | type);
}

void protobuf_put_raw(struct protobuf *p, const void *bytes, size_t len)
{
	if (len == 0 || !protobuf_reserve(p, len))
		return;
	memcpy(p->bytes + p->len, bytes, len);
	p->len += len;
}

void protobuf_put_varint(struct protobuf *p, uint32_t field, uint64_t value)
{
	if (value == 0)
		return;
	put_tag(p, field, PROTOBUF_VARINT);
	protobuf_put_element(p, value);
}

void protobuf_put_fixed64(struct protobuf *p, uint32_t field, uint64_t value)
{
	uint8_t bytes[8];

	if (value == 0)
		return;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	put_tag(p, field, PROTOBUF_FIXED64);
	protobuf_put_raw(p, bytes, sizeof(bytes));
}

void protobuf_put_double(struct protobuf *p, uint32_t field, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	protobuf_put_fixed64(p, field, bits);
}

void protobuf_put_bytes(struct protobuf *p, uint32_t field, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	put_tag(p, field, PROTOBUF_BYTES);
	protobuf_put_element(p, len);
	protobuf_put_raw(p, bytes, len);
}

size_t protobuf_open(struct protobuf *p, uint32_t field)
{
	put_tag(p, field, PROTOBUF_BYTES);
	return p->len;
}

/* The length is known only now, and most are one byte: what is inside makes room for it. */
void protobuf_close(struct protobuf *p, size_t mark)
{
	uint8_t length[MAX_VARINT];
	size_t inside = p->len - mark, n = encode_varint(length, inside);

	if (!protobuf_reserve(p, n))
		return;
	memmove(p->bytes + mark + n, p->bytes + mark, inside);
	memcpy(p->bytes + mark, length, n);
	p->len += n;
}

/* ---- reading ---- */

int protobuf_next_element(struct protobuf_reader *r, uint64_t *ret)
{
	size_t left = protobuf_left(r);
	uint64_t value = 0;

	if (left == 0)
		return 0;
	for (size_t i = 0; i < MAX_VARINT && i < left; i++) {
		uint8_t byte = r->at[i];

		if (i == MAX_VARINT - 1 && byte > 1)
			return -EBADMSG;
		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		r->at += i + 1;
		*ret = value;
		return 1;
	}
	return -EBADMSG;
}

static int next_varint(struct protobuf_reader *r, uint64_t *ret)
{
	int k = protobuf_next_element(r, ret);

	return k == 1 ? 0 : -EBADMSG;
}

static int next_fixed(struct protobuf_reader *r, size_t width, uint64_t *ret)
{
	if (protobuf_left(r) < width)
		return -EBADMSG;
	*ret = 0;
	for (size_t i = 0; i < width; i++)
		*ret |= (uint64_t)r->at[i] << (8 * i);
	r->at += width;
	return 0;
}

static int next_bytes(struct protobuf_reader *r, struct protobuf_reader *ret)
{
	uint64_t len;

	if (next_varint(r, &len) < 0 || len > protobuf_left(r))
		return -EBADMSG;
	*ret = (struct protobuf_reader){ r->at, r->at + len };
	r->at += len;
	return 0;
}

int protobuf_next(struct protobuf_reader *r, struct protobuf_field *ret)
{
	struct protobuf_reader at = *r;
	struct protobuf_field f = { .number = 0 };
	uint64_t tag;
	int k = protobuf_next_element(&at, &tag);

	if (k <= 0)
		return k;
	if (tag >> 3 == 0 || tag >> 3 > MAX_FIELD)
		return -EBADMSG;
	f.number = (uint32_t)(tag >> 3);
	f.type = (uint32_t)(tag & 7);
	if (f.type == PROTOBUF_VARINT)
		k = next_varint(&at, &f.value);
	else if (f.type == PROTOBUF_BYTES)
		k = next_bytes(&at, &f.bytes);
	else if (f.type == PROTOBUF_FIXED64 || f.type == PROTOBUF_FIXED32)
		k = next_fixed(&at, f.type == PROTOBUF_FIXED64 ? 8 : 4, &f.value);
	else
		k = -EBADMSG;
	if (k < 0)
		return k;
	*r = at;
	*ret = f;
	return 1;
}
