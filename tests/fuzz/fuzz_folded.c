/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names from other processes become folded stacks: lines of the input are stacks, bytes 1 to 7 in
 * front of a name give its kind, tabs part the names. Whatever is in them, what is written reads
 * back as sorted lines, one per stack, whose counts add up to the stacks that went in.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folded.h"

enum { MAX_INPUT = 4096, MAX_NAME = 64 };

static char folder[] = "/dev/shm/hearth-fuzz-folded-XXXXXX";
static char file[sizeof(folder) + sizeof("/f")];

static void remove_folder(void)
{
	(void)unlink(file);
	(void)rmdir(folder);
}

static void make_folder(void)
{
	static bool is_made;

	if (is_made)
		return;
	if (!mkdtemp(folder))
		abort();
	snprintf(file, sizeof(file), "%s/f", folder);
	atexit(remove_folder);
	is_made = true;
}

static uint32_t add_name(struct tree *t, uint32_t node, const uint8_t *at, size_t len)
{
	enum label_kind kind = LABEL_NATIVE;
	char name[MAX_NAME + 1];

	if (len > 0 && *at > 0 && *at < N_LABEL_KINDS) {
		kind = *at++;
		len--;
	}
	len = len < MAX_NAME ? len : MAX_NAME;
	memcpy(name, at, len);
	name[len] = '\0';
	return tree_intern_child(t, node, tree_intern_label(t, kind, name, NULL));
}

static size_t add_stacks(struct tree *t, const uint8_t *data, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; n++) {
		const uint8_t *newline = memchr(data + i, '\n', len - i);
		size_t end = newline ? (size_t)(newline - data) : len;
		uint32_t node = 0;

		for (size_t k = i; k <= end;) {
			const uint8_t *tab = memchr(data + k, '\t', end - k);
			size_t stop = tab ? (size_t)(tab - data) : end;

			node = add_name(t, node, data + k, stop - k);
			k = stop + 1;
		}
		tree_add(t, node, 0, 1);
		i = end + 1;
	}
	return n;
}

static void check_line(const char *line, const char *previous, size_t len, size_t *sum)
{
	const char *space = memrchr(line, ' ', len);
	char *end;

	assert(space && space + 1 < line + len);
	for (const char *c = line; c < space; c++)
		assert((unsigned char)*c >= ' ' && *c != 0x7f);
	*sum += strtoul(space + 1, &end, 10);
	assert(end == line + len);
	if (previous) {
		const char *before = memrchr(previous, ' ', (size_t)(line - 1 - previous));
		size_t a = (size_t)(before - previous), b = (size_t)(space - line);
		int order = memcmp(previous, line, a < b ? a : b);

		assert(order < 0 || (order == 0 && a < b));
	}
}

static void check_file(size_t n_added, uint64_t n_stacks)
{
	static char text[MAX_INPUT * (MAX_NAME + 8)];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, sizeof(text) - 1);
	size_t sum = 0, n = 0;
	char *previous = NULL;

	close(fd);
	assert(len >= 0);
	text[len] = '\0';
	for (char *line = text, *newline; (newline = strchr(line, '\n')); line = newline + 1, n++) {
		check_line(line, previous, (size_t)(newline - line), &sum);
		previous = line;
	}
	assert(n == n_stacks && sum == n_added);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_(tree_freep) struct tree *t = NULL;
	_cleanup_(outfile_freep) struct outfile *o = NULL;
	_cleanup_free_ char *why = NULL;
	struct outdir dir = { .fd = -1 };
	uint64_t n_stacks = 0;
	size_t n;

	make_folder();
	if (len > MAX_INPUT || tree_new(1 << 24, &t) < 0)
		return 0;
	n = add_stacks(t, data, len);
	if (outdir_open(&dir, folder, &why) < 0 || outfile_new(&dir, "f", &o, &why) < 0)
		abort();
	if (folded_write(t, o, &n_stacks) < 0 || outfile_commit(o, true, &why) < 0)
		abort();
	check_file(n, n_stacks);
	outdir_done(&dir);
	return 0;
}
