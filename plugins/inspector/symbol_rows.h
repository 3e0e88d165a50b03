/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions by address, 12 bytes each, and which of them covers one. Where names are kept is the
 * business of who made the rows: a file's symbols (symbol_table.h) or a stored table
 * (stored_table.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol_row {
	uint32_t value; /* from `base` */
	uint32_t size;  /* value + size does not overflow */
	uint32_t name;
};

struct symbol_enclosure {
	uint32_t row, parent; /* rows[parent] begins before rows[row] and ends behind its start */
};

struct symbol_rows {
	struct symbol_row *rows; /* by value; of one value the preferred one comes last */
	struct symbol_enclosure *enclosures; /* by row */
	uint32_t n_rows, n_enclosures;
	uint64_t base;
};

struct symbol {
	uint64_t start;
	uint32_t name;
};

/* Finds the enclosures of rows that are set. 0 or -ENOMEM. */
int symbol_rows_enclose(struct symbol_rows *r);

/* True if they are as described above, with names below names_len: for rows that somebody wrote. */
bool symbol_rows_are_sound(const struct symbol_rows *r, uint32_t names_len);

bool symbol_rows_find(const struct symbol_rows *r, uint64_t address, struct symbol *ret);
size_t symbol_rows_bytes(const struct symbol_rows *r);
void symbol_rows_done(struct symbol_rows *r);
