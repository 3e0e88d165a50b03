/* SPDX-License-Identifier: Apache-2.0 */
/* The two ends of a long C++ name tell more than its beginning. */
#include "printed.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/utf8.h"

enum { MIN_COLUMNS = 60 };

uint32_t printed_width(const char *name)
{
	const unsigned char *s = (const unsigned char *)name;
	uint32_t n = 0;

	for (size_t left = strlen(name), step; left; left -= step, s += step, n++) {
		step = utf8_sequence(s, left);
		step = step ? step : 1;
	}
	return n;
}

void printed_put(FILE *out, const char *name, uint32_t room)
{
	uint32_t width = room ? printed_width(name) : 0, at = 0;
	uint32_t head = room ? (room - 1) / 2 : 0, tail = width - (room - 1 - head);
	const unsigned char *s = (const unsigned char *)name;
	size_t step;

	for (size_t left = strlen(name); left; left -= step, s += step, at++) {
		size_t n = utf8_sequence(s, left);

		step = n ? n : 1;
		if (width > room && at == head)
			fputs("…", out);
		if (width > room && at >= head && at < tail)
			continue;
		if (n == 0 || utf8_is_control(s, n))
			fputc('?', out);
		else
			fwrite(s, 1, n, out);
	}
}

void printed_put_number(FILE *out, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			fputc(',', out);
		fputc(digits[i], out);
	}
}

uint32_t printed_columns(int fd)
{
	struct winsize w;

	if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &w) < 0 || w.ws_col == 0)
		return 0;
	return w.ws_col < MIN_COLUMNS ? MIN_COLUMNS : w.ws_col;
}
