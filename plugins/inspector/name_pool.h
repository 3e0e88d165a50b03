/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names, one behind the other, known by their offset. A name that is added twice in a row is
 * kept once. A name of a module has the module's number in the two bytes before it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct name_pool {
	char *data;
	size_t len, capacity;
};

/* module NULL: none. 0, -ENOMEM, or -ENOSPC beyond 64 MiB. */
int name_pool_add(struct name_pool *p, const char *name, size_t len, const uint16_t *module,
		  uint32_t *ret_offset);
const char *name_pool_at(const struct name_pool *p, uint32_t offset);
void name_pool_trim(struct name_pool *p); /* gives back what is not used */
void name_pool_done(struct name_pool *p);
