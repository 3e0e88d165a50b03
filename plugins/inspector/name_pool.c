/* SPDX-License-Identifier: Apache-2.0 */
/* 120,000 names: an allocation for each would cost more than the names. */
#include "name_pool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_BYTES (64u << 20)
#define MIN_BYTES 4096u

const char *name_pool_at(const struct name_pool *p, uint32_t offset)
{
	return p->data + offset;
}

static bool has_module(const struct name_pool *p, const char *name, const uint16_t *module)
{
	if (!module)
		return name == p->data || name[-1] == '\0';
	return (size_t)(name - p->data) >= sizeof(*module) &&
	       memcmp(name - sizeof(*module), module, sizeof(*module)) == 0;
}

static bool ends_with(const struct name_pool *p, const char *name, size_t len,
		      const uint16_t *module)
{
	const char *last;

	if (p->len < len + 1)
		return false;
	last = p->data + p->len - len - 1;
	return memcmp(last, name, len) == 0 && last[len] == '\0' && has_module(p, last, module);
}

static int reserve(struct name_pool *p, size_t more)
{
	size_t capacity = p->capacity ? p->capacity : MIN_BYTES;
	char *data;

	if (p->len + more > MAX_BYTES)
		return -ENOSPC;
	while (capacity < p->len + more)
		capacity += capacity / 2;
	if (capacity == p->capacity)
		return 0;
	data = realloc(p->data, capacity);
	if (!data)
		return -ENOMEM;
	p->data = data;
	p->capacity = capacity;
	return 0;
}

int name_pool_add(struct name_pool *p, const char *name, size_t len, const uint16_t *module,
		  uint32_t *ret_offset)
{
	int r;

	if (ends_with(p, name, len, module)) {
		*ret_offset = (uint32_t)(p->len - len - 1);
		return 0;
	}
	r = reserve(p, len + sizeof(*module) + 1);
	if (r < 0)
		return r;
	if (module) {
		memcpy(p->data + p->len, module, sizeof(*module));
		p->len += sizeof(*module);
	}
	*ret_offset = (uint32_t)p->len;
	memcpy(p->data + p->len, name, len);
	p->len += len;
	p->data[p->len++] = '\0';
	return 0;
}

void name_pool_trim(struct name_pool *p)
{
	char *data = p->len ? realloc(p->data, p->len) : NULL;

	if (!data)
		return;
	p->data = data;
	p->capacity = p->len;
}

void name_pool_done(struct name_pool *p)
{
	free(p->data);
	*p = (struct name_pool){};
}
