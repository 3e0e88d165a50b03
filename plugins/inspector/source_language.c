/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Go leaves sections of its own, rustc its name in .comment and paths among the strings; they
 * outlive strip. Otherwise mangled names tell: Rust's by the hash at their end or the prefix _R,
 * C++'s by the prefix _Z.
 */
#include "source_language.h"

#include <ctype.h>
#include <elf.h>
#include <string.h>

#include "common/cleanup.h"

#define CHUNK 65536u
#define OVERLAP 32u           /* no mark is longer */
#define MAX_LOOK (16u << 20) /* of a string table */
#define RUST_HASH_DIGITS 16

struct marks {
	unsigned int n_cpp, n_rust;
};

/* Where Rust's own library panics, as every program with it has it among its strings. */
static const char *const rust_paths[] = { "library/std/src/", "library/core/src/" };

static bool has_rust_hash(const char *s, size_t len)
{
	if (len < 4 + RUST_HASH_DIGITS || memcmp(s, "17h", 3) != 0 || s[3 + RUST_HASH_DIGITS] != 'E')
		return false;
	for (size_t i = 3; i < 3 + RUST_HASH_DIGITS; i++)
		if (!isxdigit((unsigned char)s[i]))
			return false;
	return true;
}

static void count_names(const char *text, size_t len, struct marks *marks)
{
	for (size_t i = 0; i + 3 <= len; i++) {
		if (memcmp(text + i, "\0_Z", 3) == 0)
			marks->n_cpp++;
		else if (memcmp(text + i, "\0_R", 3) == 0 && i + 4 <= len &&
			 memchr("NICMYX", text[i + 3], 6))
			marks->n_rust++; /* the tags of a path, Rust RFC 2603 */
		else if (text[i] == '1' && has_rust_hash(text + i, len - i))
			marks->n_rust++;
	}
}

static void count_paths(const char *text, size_t len, struct marks *marks)
{
	for (size_t k = 0; k < ARRAY_SIZE(rust_paths); k++)
		marks->n_rust += memmem(text, len, rust_paths[k], strlen(rust_paths[k])) != NULL;
}

static void count_in_section(const struct elf_file *f, const char *name,
			     void (*count)(const char *text, size_t len, struct marks *marks),
			     struct marks *marks)
{
	struct elf_section s;
	char text[CHUNK];

	if (elf_section_find(f, name, &s) < 0 || s.type == SHT_NOBITS)
		return;
	for (uint64_t at = 0; at < s.size && at < MAX_LOOK; at += sizeof(text) - OVERLAP) {
		size_t max = s.size - at < sizeof(text) ? (size_t)(s.size - at) : sizeof(text);
		size_t len = 0;

		if (s.offset > f->reader.size ||
		    reader_get_some(&f->reader, s.offset + at, text, max, &len) < 0 || len == 0)
			return;
		count(text, len, marks);
	}
}

/* Strings of several compilers follow each other; rustc's wins, the runtime's C is never alone. */
static void read_comment(const struct elf_file *f, char *compiler)
{
	static const char *const known[] = { "rustc", "clang", "GCC" };
	char text[1024] = "";
	struct elf_section s;
	size_t len = 0;

	compiler[0] = '\0';
	if (elf_section_find(f, ".comment", &s) < 0 || s.type == SHT_NOBITS ||
	    reader_get_some(&f->reader, s.offset, text,
			    s.size < sizeof(text) - 1 ? (size_t)s.size : sizeof(text) - 1, &len) < 0)
		return;
	text[len] = '\0';
	for (size_t k = 0; k < ARRAY_SIZE(known) && !compiler[0]; k++)
		for (size_t i = 0; i < len && !compiler[0]; i += strlen(text + i) + 1)
			if (strstr(text + i, known[k])) {
				size_t n = strnlen(text + i, COMPILER_MAX - 1);

				memcpy(compiler, text + i, n);
				compiler[n] = '\0';
			}
}

static bool is_go(const struct elf_file *f)
{
	static const char *const sections[] = { ".note.go.buildid", ".go.buildinfo", ".gopclntab",
						".data.rel.ro.gopclntab" };
	struct elf_section s;

	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (elf_section_find(f, sections[i], &s) == 0)
			return true;
	return false;
}

enum language source_language(const struct elf_file *f, char compiler[static COMPILER_MAX])
{
	struct marks marks = {};

	read_comment(f, compiler);
	if (is_go(f))
		return LANGUAGE_GO;
	if (strstr(compiler, "rustc"))
		return LANGUAGE_RUST;
	count_in_section(f, ".strtab", count_names, &marks);
	count_in_section(f, ".dynstr", count_names, &marks);
	if (marks.n_cpp == 0 && marks.n_rust == 0)
		count_in_section(f, ".rodata", count_paths, &marks);
	/* A C++ program may link a little Rust; every Rust program has hundreds of hashes. */
	if (marks.n_rust > 0 && marks.n_rust * 4 >= marks.n_cpp)
		return LANGUAGE_RUST;
	if (marks.n_cpp > 0)
		return LANGUAGE_CPP;
	return compiler[0] ? LANGUAGE_C : LANGUAGE_UNKNOWN;
}

const char *source_language_name(enum language l)
{
	static const char *const names[] = {
		[LANGUAGE_UNKNOWN] = "unknown", [LANGUAGE_C] = "C",   [LANGUAGE_CPP] = "C++",
		[LANGUAGE_RUST] = "Rust",	[LANGUAGE_GO] = "Go",
	};

	return names[l];
}
