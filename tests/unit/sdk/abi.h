/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pins the layout that plugins were compiled against: a change of any number breaks every plugin
 * there is. A field may only be added where a struct ends, with the next minor of the ABI.
 */
#pragma once

#include <stddef.h>

#define FIELD(type, field, offset, bytes) \
	_Static_assert(offsetof(struct type, field) == (offset), #type "." #field " has moved"); \
	_Static_assert(sizeof(((struct type *)0)->field) == (bytes), #type "." #field " has another size")

#define SIZE(type, bytes) \
	_Static_assert(sizeof(struct type) == (bytes), "struct " #type " has another size")
