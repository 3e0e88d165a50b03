/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libiberty does it, which GCC's own tools use. A mangled name is a program: a few dozen bytes of
 * references to references print gigabytes, and the library has no limit for that. So its output
 * goes through a callback, which leaves by longjmp when it has seen enough.
 *
 * Leaving like that must not leak. The C++ half of the library has all its state on the stack when
 * it is used with a callback. The Rust half holds memory while it prints an identifier in
 * punycode, which it does one character at a time: a piece of several characters that begins in
 * ASCII is something else.
 */
#include "demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_MANGLED 4096u /* SYMBOL_MAX_NAME */

struct sink {
	char *text; /* DEMANGLE_MAX bytes */
	size_t len;
	bool is_rust, is_cut;
	jmp_buf enough;
};

typedef int (*demangle_fn)(const char *mangled, int options, demangle_callbackref callback,
			   void *opaque);

static bool may_leave(const struct sink *s, const char *piece, size_t len)
{
	return !s->is_rust || (len > 1 && (unsigned char)piece[0] < 0x80);
}

static void on_piece(const char *piece, size_t len, void *opaque)
{
	struct sink *s = opaque;
	size_t space = DEMANGLE_MAX - 1 - s->len;
	size_t taken = len < space ? len : space;

	memcpy(s->text + s->len, piece, taken);
	s->len += taken;
	s->is_cut |= taken < len;
	if (s->is_cut && may_leave(s, piece, len))
		longjmp(s->enough, 1);
}

/* The end of a text that is full, between two characters of UTF-8. */
static void ellipsis_put(struct sink *s)
{
	static const char dots[] = "...";
	size_t at = s->len - (sizeof(dots) - 1);

	while (at > 0 && ((unsigned char)s->text[at] & 0xc0) == 0x80)
		at--;
	memcpy(s->text + at, dots, sizeof(dots));
}

static bool demangle_by(demangle_fn fn, const char *mangled, char *to)
{
	struct sink s = { .text = to, .is_rust = fn == rust_demangle_callback };

	if (setjmp(s.enough) == 0 && !fn(mangled, DMGL_NO_OPTS, on_piece, &s))
		return false;
	to[s.len] = '\0';
	if (s.is_cut)
		ellipsis_put(&s);
	return s.len > 0;
}

/* Without types of parameters the library reads no further than them: what follows is lost. */
static bool demangle_cplus(const char *mangled, char *to)
{
	char name[LONGEST_MANGLED];
	size_t len = strcspn(mangled, "."), n;

	if (len >= sizeof(name))
		return false;
	memcpy(name, mangled, len);
	name[len] = '\0';
	if (!demangle_by(cplus_demangle_v3_callback, name, to))
		return false;
	n = strlen(to);
	snprintf(to + n, DEMANGLE_MAX - n, "%s", mangled + len);
	return true;
}

bool demangle(const char *mangled, char ret[static DEMANGLE_MAX])
{
	static const char lto[] = ".llvm.";
	char name[LONGEST_MANGLED];
	const char *suffix = strstr(mangled, lto);

	if (strncmp(mangled, "_Z", 2) != 0 && strncmp(mangled, "_R", 2) != 0)
		return false;
	snprintf(name, sizeof(name), "%.*s",
		 suffix ? (int)(suffix - mangled) : (int)sizeof(name) - 1, mangled);
	return demangle_by(rust_demangle_callback, name, ret) || demangle_cplus(name, ret);
}
