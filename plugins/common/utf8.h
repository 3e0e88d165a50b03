/* SPDX-License-Identifier: Apache-2.0 */
/* Names come from other processes and may be any bytes; what Hearth writes is UTF-8. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed UTF-8 sequence at s, 0 if there is none (RFC 3629, section 4). */
static inline size_t utf8_sequence(const unsigned char *s, size_t len)
{
	static const struct {
		unsigned char first, last, min, max, n;
	} forms[] = {
		{ 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; len && i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t n = forms[i].n;

		if (s[0] < forms[i].first || s[0] > forms[i].last)
			continue;
		if (n > len || (n > 1 && (s[1] < forms[i].min || s[1] > forms[i].max)))
			return 0;
		for (size_t k = 2; k < n; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return n;
	}
	return 0;
}

/* C0, DEL and the C1 controls that UTF-8 spells 0xc2 0x80 to 0xc2 0x9f. */
static inline bool utf8_is_control(const unsigned char *s, size_t n)
{
	return n == 1 ? *s < 0x20 || *s == 0x7f : n == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}
