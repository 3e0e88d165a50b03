/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the C library lacks about strings: allocating printf, lists of strings, suggestions for a
 * misspelt word, and text of other processes made safe to show.
 */
#include "util/str.h"

#include <errno.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/sys.h"

/* Nobody misspells a longer word than this, and the rows below live on the stack. */
#define SUGGEST_MAX_LENGTH 64
/* The kernel's MAX_ERRNO. */
#define ERRNO_MAX 4095

char *str_format(const char *format, ...)
{
	struct buf b = {};
	va_list args;

	va_start(args, format);
	buf_vprintf(&b, format, args);
	va_end(args);
	return buf_take(&b);
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/*
 * Optimal string alignment: insert, delete, replace, and swap of neighbours, which is the
 * commonest slip of all. Both words are at most SUGGEST_MAX_LENGTH long.
 */
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][SUGGEST_MAX_LENGTH + 1], na = strlen(a), nb = strlen(b);
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t k = 0; k <= nb; k++)
		above[k] = k;
	for (size_t i = 1; i <= na; i++) {
		size_t *spare = before;

		row[0] = i;
		for (size_t k = 1; k <= nb; k++) {
			row[k] = min3(above[k] + 1, row[k - 1] + 1,
				      above[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				row[k] = min3(row[k], before[k - 2] + 1, SIZE_MAX);
		}
		before = above;
		above = row;
		row = spare;
	}
	return above[nb];
}

const char *str_suggest(const char *word, const char *const *candidates, size_t n)
{
	size_t length = strlen(word), limit = length / 3 ? length / 3 : 1;
	const char *best = NULL;

	if (length > SUGGEST_MAX_LENGTH)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t distance;

		if (strlen(candidates[i]) > SUGGEST_MAX_LENGTH)
			continue;
		distance = edit_distance(word, candidates[i]);
		/* A word of one letter is at distance 1 from every other one. */
		if (distance > limit || distance >= length)
			continue;
		best = candidates[i];
		if (distance == 0)
			break;
		limit = distance - 1;
	}
	return best;
}

static bool is_continuation(const unsigned char *s, size_t n)
{
	for (size_t i = 1; i <= n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* RFC 3629, section 4; the NUL ends every test before the end of the string is passed. */
size_t str_utf8_length(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	if (s[0] < 0x80)
		return s[0] != 0;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		return is_continuation(s, 1) ? 2 : 0;
	if ((s[0] & 0xf0) == 0xe0) {
		bool is_overlong = s[0] == 0xe0 && s[1] < 0xa0;
		bool is_surrogate = s[0] == 0xed && s[1] >= 0xa0;

		return !is_overlong && !is_surrogate && is_continuation(s, 2) ? 3 : 0;
	}
	if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		bool is_overlong = s[0] == 0xf0 && s[1] < 0x90;
		bool is_beyond = s[0] == 0xf4 && s[1] >= 0x90;

		return !is_overlong && !is_beyond && is_continuation(s, 3) ? 4 : 0;
	}
	return 0;
}

/* C0, DEL, and the C1 set, whose U+009B starts an escape sequence on some terminals. */
static bool is_control(const char *s, size_t n)
{
	unsigned char c = (unsigned char)s[0];

	return c < 0x20 || c == 0x7f || (n == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0);
}

static void sanitize(char *s, const char *keep)
{
	while (*s) {
		size_t n = str_utf8_length(s), bytes = n ? n : 1;

		if (n == 0 || (is_control(s, n) && !strchr(keep, *s)))
			memset(s, '?', bytes);
		s += bytes;
	}
}

void str_sanitize(char *s)
{
	sanitize(s, "");
}

void str_sanitize_lines(char *s)
{
	sanitize(s, "\n\t");
}

int str_errno(const char *name)
{
	for (int e = 1; e <= ERRNO_MAX; e++) {
		const char *candidate = strerrorname_np(e);

		if (candidate && str_equal(candidate, name))
			return e;
	}
	return 0;
}

size_t strv_length(char *const *v)
{
	size_t n = 0;

	while (v && v[n])
		n++;
	return n;
}

/* Takes s, also on failure. */
static int strv_push(char ***v, char *s)
{
	_cleanup_free_ char *owned = s;
	size_t n = strv_length(*v);
	char **grown;

	if (!owned)
		return -ENOMEM;
	grown = sys_realloc(*v, n + 2, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	grown[n] = TAKE_PTR(owned);
	grown[n + 1] = NULL;
	*v = grown;
	return 0;
}

int strv_append(char ***v, const char *s)
{
	return strv_push(v, sys_strndup(s, strlen(s)));
}

int strv_split(const char *s, const char *separators, char ***ret)
{
	_cleanup_(strv_freep) char **v = sys_alloc(1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	for (;;) {
		size_t n;

		s += strspn(s, separators);
		n = strcspn(s, separators);
		if (n == 0)
			break;
		if (strv_push(&v, sys_strndup(s, n)) < 0)
			return -ENOMEM;
		s += n;
	}
	*ret = TAKE_PTR(v);
	return 0;
}

char **strv_copy(char *const *v)
{
	_cleanup_(strv_freep) char **copy = sys_alloc(strv_length(v) + 1, sizeof(*copy));

	if (!copy)
		return NULL;
	for (size_t i = 0; v && v[i]; i++) {
		copy[i] = sys_strndup(v[i], strlen(v[i]));
		if (!copy[i])
			return NULL;
	}
	return TAKE_PTR(copy);
}

char **strv_free(char **v)
{
	for (size_t i = 0; v && v[i]; i++)
		free(v[i]);
	free(v);
	return NULL;
}
