/* SPDX-License-Identifier: Apache-2.0 */
/* Only the two numbers of a line are looked at when the file is read: a name is wanted for few. */
#include "perf_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "radix.h"

#define CHUNK_BYTES (64u << 10)
#define HEAD_BYTES 64u /* of a line, more than two numbers need */

/* start is in two halves because radix_sort sorts by the first 32 bits. */
struct piece {
	uint32_t key, other; /* low half, then high half of start; the other way round once sorted */
	uint32_t size, line;
};

struct perf_map {
	struct piece *pieces; /* by start, none overlaps another */
	size_t n, capacity;
};

struct perf_map *perf_map_free(struct perf_map *m)
{
	if (!m)
		return NULL;
	free(m->pieces);
	free(m);
	return NULL;
}

size_t perf_map_bytes(const struct perf_map *m)
{
	return sizeof(*m) + m->capacity * sizeof(*m->pieces);
}

/* ---- lines ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A number and the blank behind it. Returns how long they are, 0: that is none. */
static size_t hex_parse(const char *text, size_t len, uint64_t *ret)
{
	size_t at = len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x' ? 2 : 0, first = at;
	uint64_t value = 0;

	for (; at < len && hex_digit(text[at]) >= 0; at++) {
		if (value >> 60)
			return 0;
		value = value << 4 | (uint64_t)hex_digit(text[at]);
	}
	if (at == first || at == len || text[at] != ' ')
		return 0;
	*ret = value;
	return at + 1;
}

/* Where the name begins; 0: no line of a perf map. */
static size_t head_parse(const char *text, size_t len, uint64_t *ret_start, uint64_t *ret_size)
{
	size_t first, second;

	first = hex_parse(text, len < HEAD_BYTES ? len : HEAD_BYTES, ret_start);
	if (first == 0)
		return 0;
	len -= first;
	second = hex_parse(text + first, len < HEAD_BYTES ? len : HEAD_BYTES, ret_size);
	return second ? first + second : 0;
}

static int piece_add(struct perf_map *m, uint64_t start, uint64_t size, uint64_t line)
{
	if (size == 0 || size > UINT32_MAX || start > UINT64_MAX - size)
		return 0;
	if (m->n == m->capacity) {
		size_t capacity = m->capacity ? m->capacity * 2 : 256;
		struct piece *pieces = reallocarray(m->pieces, capacity, sizeof(*pieces));

		if (!pieces)
			return -ENOMEM;
		m->pieces = pieces;
		m->capacity = capacity;
	}
	m->pieces[m->n++] = (struct piece){
		.key = (uint32_t)start,
		.other = (uint32_t)(start >> 32),
		.size = (uint32_t)size,
		.line = (uint32_t)line,
	};
	return 0;
}

static int line_add(struct perf_map *m, const char *text, size_t len, uint64_t at)
{
	uint64_t start, size;

	return head_parse(text, len, &start, &size) ? piece_add(m, start, size, at) : 0;
}

/* *at moves to behind the last whole line of the chunk; a line longer than the chunk is skipped. */
static int chunk_add(struct perf_map *m, const char *text, size_t len, uint64_t *at)
{
	size_t done = 0;

	while (done < len && m->n < PERF_MAP_MAX_PIECES) {
		const char *end = memchr(text + done, '\n', len - done);
		int r;

		if (!end)
			break;
		r = line_add(m, text + done, (size_t)(end - text) - done, *at + done);
		if (r < 0)
			return r;
		done = (size_t)(end - text) + 1;
	}
	*at += done || m->n == PERF_MAP_MAX_PIECES ? done : len;
	return 0;
}

/* The last line may be under way: without its newline it does not count. */
static int lines_read(struct perf_map *m, const struct reader *r)
{
	_cleanup_free_ char *chunk = malloc(CHUNK_BYTES);
	uint64_t at = 0, last = UINT64_MAX;
	size_t len;
	int k;

	if (!chunk)
		return -ENOMEM;
	while (at != last && at < PERF_MAP_MAX_BYTES) {
		k = reader_get_some(r, at, chunk, CHUNK_BYTES, &len);
		if (k == 0 && len == 0)
			return 0;
		last = at;
		if (k == 0)
			k = chunk_add(m, chunk, len, &at);
		if (k < 0)
			return k;
		if (len < CHUNK_BYTES)
			return 0;
	}
	return 0;
}

/* ---- pieces ---- */

static uint64_t start_of(const struct piece *p)
{
	return (uint64_t)p->key << 32 | p->other;
}

static int pieces_sort(struct perf_map *m)
{
	_cleanup_free_ struct piece *scratch = reallocarray(NULL, m->n ? m->n : 1, sizeof(*scratch));

	if (!scratch)
		return -ENOMEM;
	radix_sort(m->pieces, scratch, m->n, sizeof(*scratch));
	for (size_t i = 0; i < m->n; i++) {
		uint32_t low = m->pieces[i].key;

		m->pieces[i].key = m->pieces[i].other;
		m->pieces[i].other = low;
	}
	radix_sort(m->pieces, scratch, m->n, sizeof(*scratch));
	return 0;
}

/* Of pieces that overlap the last one of the file stays. */
static void pieces_settle(struct perf_map *m)
{
	struct piece *p = m->pieces;
	size_t left = 0;

	for (size_t i = 0; i < m->n; i++) {
		bool is_gone = false;

		while (left > 0 && !is_gone &&
		       start_of(&p[left - 1]) + p[left - 1].size > start_of(&p[i])) {
			is_gone = p[left - 1].line > p[i].line;
			left -= !is_gone;
		}
		if (!is_gone)
			p[left++] = p[i];
	}
	m->n = left;
}

static void pieces_trim(struct perf_map *m)
{
	struct piece *pieces = m->n ? reallocarray(m->pieces, m->n, sizeof(*pieces)) : NULL;

	if (!pieces)
		return;
	m->pieces = pieces;
	m->capacity = m->n;
}

int perf_map_new(const struct reader *r, struct perf_map **ret)
{
	_cleanup_(perf_map_freep) struct perf_map *m = calloc(1, sizeof(*m));
	int k;

	if (!m)
		return -ENOMEM;
	k = lines_read(m, r);
	if (k == 0)
		k = pieces_sort(m);
	if (k < 0)
		return k;
	pieces_settle(m);
	pieces_trim(m);
	*ret = TAKE_PTR(m);
	return 0;
}

bool perf_map_find(const struct perf_map *m, uint64_t address, struct perf_map_piece *ret)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (start_of(&m->pieces[middle]) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || address - start_of(&m->pieces[low - 1]) >= m->pieces[low - 1].size)
		return false;
	*ret = (struct perf_map_piece){
		.start = start_of(&m->pieces[low - 1]),
		.line = m->pieces[low - 1].line,
	};
	return true;
}

int perf_map_name(const struct reader *r, const struct perf_map_piece *piece,
		  char ret[static PERF_MAP_MAX_NAME])
{
	char text[2 * HEAD_BYTES + PERF_MAP_MAX_NAME];
	uint64_t start, size;
	size_t len, at;
	int k;

	k = reader_get_some(r, piece->line, text, sizeof(text), &len);
	if (k < 0)
		return k;
	at = head_parse(text, len, &start, &size);
	if (at == 0 || start != piece->start)
		return -ESTALE;
	len -= at;
	if (len >= PERF_MAP_MAX_NAME)
		len = PERF_MAP_MAX_NAME - 1;
	memcpy(ret, text + at, len);
	ret[len] = '\0';
	ret[strcspn(ret, "\r\n")] = '\0';
	return ret[0] ? 0 : -ENODATA;
}
