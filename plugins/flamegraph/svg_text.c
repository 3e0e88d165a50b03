/* SPDX-License-Identifier: Apache-2.0 */
/* Names come from other processes; here they meet a format that has markup. */
#include "svg_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

/* https://www.w3.org/TR/xml/#charsets: no control characters but white space, not U+FFFE, U+FFFF. */
static bool is_xml_char(const unsigned char *s, size_t n)
{
	if (n == 0 || *s < 0x20 || *s == 0x7f)
		return false;
	return !(n == 3 && s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe);
}

static void put_char(struct outfile *o, const unsigned char *s, size_t n)
{
	switch (*s) {
	case '<':
		outfile_text(o, "&lt;");
		break;
	case '>':
		outfile_text(o, "&gt;");
		break;
	case '&':
		outfile_text(o, "&amp;");
		break;
	case '"':
		outfile_text(o, "&quot;");
		break;
	default:
		outfile_write(o, s, n);
	}
}

static size_t count_chars(const char *name)
{
	size_t n = 0;

	for (; *name; name++)
		n += ((unsigned char)*name & 0xc0) != 0x80;
	return n;
}

void svg_put_name(struct outfile *o, const char *name, size_t max_chars)
{
	const unsigned char *s = (const unsigned char *)name;
	size_t left = strlen(name), shown = count_chars(name) > max_chars ? max_chars - 1 : left;

	for (size_t n; left && shown; s += n, left -= n, shown--) {
		n = utf8_sequence(s, left);
		if (is_xml_char(s, n))
			put_char(o, s, n);
		else
			outfile_text(o, "?");
		n = n ? n : 1;
	}
	if (left)
		outfile_text(o, "…");
}

void svg_put_count(struct outfile *o, uint64_t n)
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n);

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			outfile_text(o, ",");
		outfile_write(o, &digits[i], 1);
	}
}

void svg_put_percent(struct outfile *o, uint64_t part, uint64_t whole)
{
	double p = whole ? (double)part / (double)whole * 100 : 0;

	if (p > 0 && p < 0.01)
		outfile_text(o, "&lt;0.01 %");
	else
		outfile_format(o, "%.*f %%", p >= 99.95 || part == 0 ? 0 : p >= 0.1 ? 1 : 2, p);
}
