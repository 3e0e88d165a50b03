/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as text in the page: base64 digits, least significant five bits first; bit 32 of a digit
 * says that another follows.
 */
#pragma once

#include <stdint.h>

#include "common/outfile.h"

static inline void vlq_write(struct outfile *o, uint64_t value)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char text[13];
	size_t n = 0;

	do {
		text[n++] = digits[(value & 31) | (value > 31 ? 32 : 0)];
		value >>= 5;
	} while (value);
	outfile_write(o, text, n);
}
