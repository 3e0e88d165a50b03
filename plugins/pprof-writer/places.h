/* SPDX-License-Identifier: Apache-2.0 */
/* Which mapping of a batch holds an ELF address of a binary, whichever process mapped it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <hearth/profile.h>

struct places {
	struct place {
		uint64_t vaddr, end; /* ELF addresses */
		uint32_t binary, mapping;
	} *rows; /* sorted by binary and address */
	size_t n;
};

/* 0 or -ENOMEM. */
int places_init(struct places *p, const struct hearth_flat *f);
void places_done(struct places *p);
/* The row of MAPPINGS, 0: the batch does not say. */
uint32_t places_find(const struct places *p, uint32_t binary, uint64_t address);
