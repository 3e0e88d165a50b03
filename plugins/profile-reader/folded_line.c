/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The format has no specification: this reads what the stackcollapse scripts, inferno, bpftrace and
 * Hearth itself write. Names may hold anything but `;` and a newline, spaces and digits included, so
 * a line is read from its end.
 */
#include "folded_line.h"

#include <string.h>

#include <hearth/profile.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Where the number at the end of a text begins, behind a blank; 0: it ends in none. */
static size_t find_number(const char *text, size_t len)
{
	size_t at = len;
	bool has_point = false;

	while (at > 0 && (is_digit(text[at - 1]) || (text[at - 1] == '.' && !has_point)))
		has_point |= text[--at] == '.';
	return at > 0 && at < len && is_digit(text[at]) && is_blank(text[at - 1]) ? at : 0;
}

/* False: it has more than 64 bits. A fraction is rounded, half up. */
static bool read_number(const char *text, size_t len, struct folded_line *ret)
{
	size_t i = 0;

	for (; i < len && is_digit(text[i]); i++)
		if (__builtin_mul_overflow(ret->count, 10, &ret->count) ||
		    __builtin_add_overflow(ret->count, text[i] - '0', &ret->count))
			return false;
	for (size_t k = i + 1; k < len; k++)
		ret->is_rounded |= text[k] != '0';
	if (i + 1 < len && text[i + 1] >= '5')
		return !__builtin_add_overflow(ret->count, 1, &ret->count);
	return true;
}

static size_t without_blanks_behind(const char *text, size_t len)
{
	while (len > 0 && is_blank(text[len - 1]))
		len--;
	return len;
}

struct folded_line folded_line_parse(const char *line, size_t len)
{
	struct folded_line l = { .kind = FOLDED_NOTHING, .stack = line };
	size_t number;

	len = without_blanks_behind(line, len);
	if (len == 0 || line[0] == '#')
		return l;
	number = find_number(line, len);
	if (number == 0) {
		l.kind = FOLDED_NO_COUNT;
		return l;
	}
	l.kind = FOLDED_TOO_MUCH;
	if (!read_number(line + number, len - number, &l))
		return l;
	l.kind = l.count ? FOLDED_STACK : FOLDED_NOTHING;
	l.len = number - 1; /* one blank parts them; more belong to the name */
	l.has_two_counts = find_number(line, without_blanks_behind(line, l.len)) != 0;
	return l;
}

static void take_suffix(struct folded_frame *f)
{
	static const struct {
		const char *text;
		uint32_t kind;
	} kinds[] = {
		{ "_[k]", HEARTH_FRAME_KERNEL },
		{ "_[j]", HEARTH_FRAME_JIT },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (f->len >= 4 && memcmp(f->name + f->len - 4, kinds[i].text, 4) == 0) {
			f->kind = kinds[i].kind;
			f->len -= 4;
			return;
		}
	/* It stays in the name: folded text of ours has no mark for it, and would lose it. */
	f->is_inlined = f->len > 4 && memcmp(f->name + f->len - 4, "_[i]", 4) == 0;
}

static bool is_unknown(const char *name, size_t len)
{
	static const char unknown[] = "[unknown]";

	return len == sizeof(unknown) - 1 && memcmp(name, unknown, len) == 0;
}

/* The next part, up to a semicolon. */
static size_t take_part(const char **stack, size_t *len, const char **ret)
{
	const char *semicolon = memchr(*stack, ';', *len);
	size_t n = semicolon ? (size_t)(semicolon - *stack) : *len;

	*ret = *stack;
	*len -= semicolon ? n + 1 : n;
	*stack = semicolon ? semicolon + 1 : NULL;
	return n;
}

void folded_take_comm(const char **stack, size_t *len, const char **ret_comm, size_t *ret_len)
{
	*ret_len = take_part(stack, len, ret_comm);
	if (is_unknown(*ret_comm, *ret_len))
		*ret_len = 0;
}

bool folded_next_frame(const char **stack, size_t *len, struct folded_frame *ret)
{
	struct folded_frame f = { .kind = HEARTH_FRAME_NATIVE };

	if (!*stack)
		return false;
	f.len = take_part(stack, len, &f.name);
	take_suffix(&f);
	if (is_unknown(f.name, f.len))
		f.len = 0;
	if (f.len == 0 && f.kind == HEARTH_FRAME_NATIVE)
		f.kind = HEARTH_FRAME_UNKNOWN;
	*ret = f;
	return true;
}

const char *folded_truncated(const struct folded_frame *frame, size_t *ret_len)
{
	static const char begin[] = "[truncated: ";
	const size_t n = sizeof(begin) - 1, max = 200; /* of what writers of such frames write out */

	if (frame->len < n + 2 || frame->len > max || frame->name[frame->len - 1] != ']' ||
	    memcmp(frame->name, begin, n) != 0)
		return NULL;
	*ret_len = frame->len - n - 1;
	return frame->name + n;
}
