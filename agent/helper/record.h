/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of addresses as bytes, from the inspector to the host: one record per address, in
 * order, each with its module or cause and its lines. No NULs, no offsets: lengths only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <hearth/inspect.h>

#define RECORD_MAX_STRING 4096u /* longer names are cut */

/*
 * Appends one record at `to`. Returns its length; -ENOSPC if it does not fit in `space`, in which
 * case the caller sends what it has first. A record that fits in no message loses inner lines.
 */
int record_write(uint8_t *to, size_t space, const char *module, const char *cause,
		 const struct hearth_symbol_line *lines, uint32_t n_lines);

/* What is needed to hold records: filled by records_measure. */
struct record_totals {
	uint32_t n_records, n_lines;
	size_t string_bytes; /* with their NULs */
};

/* Checks every length. 0, or -EBADMSG for anything that record_write would not have written. */
int records_measure(const uint8_t *data, size_t len, struct record_totals *ret);

/* Fills what records_measure of the same bytes asked for. Control characters become '?'. */
void records_unpack(const uint8_t *data, size_t len, struct hearth_symbol *symbols,
		    struct hearth_symbol_line *lines, char *strings);
