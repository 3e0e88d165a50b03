/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The collector is thread-local, a mutable global by need: libbpf's print function gets no
 * context, and two instances may load their programs at the same time.
 */
#include "libbpf_log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

static __thread struct {
	bool is_collecting;
	size_t len;
	char text[16 * 1024]; /* the end counts: the verifier's verdict comes last */
} collected;

/* Drops the oldest half when a line does not fit. */
static void make_room(size_t n)
{
	size_t half = sizeof(collected.text) / 2;

	if (collected.len + n < sizeof(collected.text) || collected.len < half)
		return;
	memmove(collected.text, collected.text + half, collected.len - half);
	collected.len -= half;
}

static int collect(enum libbpf_print_level level, const char *format, va_list args)
{
	size_t room;
	va_list copy;
	int n;

	if (!collected.is_collecting || level == LIBBPF_DEBUG)
		return 0;
	va_copy(copy, args);
	n = vsnprintf(NULL, 0, format, copy);
	va_end(copy);
	if (n < 0)
		return 0;
	make_room((size_t)n);
	room = sizeof(collected.text) - collected.len;
	n = vsnprintf(collected.text + collected.len, room, format, args);
	collected.len += (size_t)n < room ? (size_t)n : room - 1;
	return 0;
}

static int32_t install(void)
{
	libbpf_set_print(collect);
	return 0;
}

void libbpf_log_begin(const struct hearth_host *h)
{
	h->once(h, "libbpf_set_print", install);
	collected.is_collecting = true;
	collected.len = 0;
	collected.text[0] = 0;
}

void libbpf_log_end(const struct hearth_host *h)
{
	char *save, *line;

	for (line = strtok_r(collected.text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		h->log(h, HEARTH_LOG_DEBUG, line);
	collected.is_collecting = false;
	collected.len = 0;
}

/* libbpf brackets the verifier's log; its last lines are statistics. */
const char *libbpf_log_last(void)
{
	static __thread char verdict[200];
	const char *at = collected.text, *line;

	verdict[0] = 0;
	for (; *at; at = line + strcspn(line, "\n"), at += *at == '\n') {
		line = at;
		if (strncmp(line, "libbpf:", 7) != 0 && strncmp(line, "processed ", 10) != 0 &&
		    strncmp(line, "verification time", 17) != 0 && strncmp(line, "stack depth", 11) != 0 &&
		    strncmp(line, "-- ", 3) != 0 && *line != '\n')
			snprintf(verdict, sizeof(verdict), "%.*s", (int)strcspn(line, "\n"), line);
	}
	return verdict;
}
