/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A space holds pointers to the rules of its files, so rules are dropped only after the spaces that
 * use them. The space that was set last is never dropped for its own needs: a file that finds no
 * room beside it counts as one without rules until then.
 */
#include "unwind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unwind_space.h"

#define MAX_SPACES 64u
#define MAX_MAPPINGS 65536u /* of all spaces but the one that was set last */
#define MAX_FILES 4096u

struct kept_space {
	struct unwind_space *space;
	uint64_t used;
};

struct kept_file {
	uint64_t handle, used;
	struct unwind_rules *rules; /* NULL: it has none */
};

struct unwinder {
	struct kept_space spaces[MAX_SPACES];
	struct kept_file *files; /* by handle */
	uint32_t n_spaces, n_files;
	struct unwind_space *current; /* NULL: none was set */
	uint64_t clock;
	size_t bytes, max_bytes;
	bool is_final;
	struct hearth_unwound_frame frames[HEARTH_UNWIND_MAX_FRAMES];
};

int unwinder_new(size_t max_bytes, struct unwinder **ret)
{
	_cleanup_(unwinder_freep) struct unwinder *u = calloc(1, sizeof(*u));

	if (!u || elf_version(EV_CURRENT) == EV_NONE)
		return -ENOMEM;
	u->files = calloc(MAX_FILES, sizeof(*u->files));
	if (!u->files)
		return -ENOMEM;
	u->max_bytes = max_bytes;

	*ret = TAKE_PTR(u);
	return 0;
}

struct unwinder *unwinder_free(struct unwinder *u)
{
	if (!u)
		return NULL;
	for (uint32_t i = 0; i < u->n_spaces; i++)
		unwind_space_free(u->spaces[i].space);
	for (uint32_t i = 0; i < u->n_files; i++)
		unwind_rules_free(u->files[i].rules);
	free(u->files);
	free(u);
	return NULL;
}

size_t unwinder_bytes(const struct unwinder *u)
{
	return u->bytes;
}

/* ---- spaces ---- */

static void space_drop(struct unwinder *u, uint32_t index)
{
	if (u->spaces[index].space == u->current)
		u->current = NULL;
	unwind_space_free(u->spaces[index].space);
	u->spaces[index] = u->spaces[--u->n_spaces];
}

/* n_spaces: only the current one is left, or none. */
static uint32_t oldest_space(const struct unwinder *u)
{
	uint32_t oldest = u->n_spaces;

	for (uint32_t i = 0; i < u->n_spaces; i++)
		if (u->spaces[i].space != u->current &&
		    (oldest == u->n_spaces || u->spaces[i].used < u->spaces[oldest].used))
			oldest = i;
	return oldest;
}

static uint64_t mappings_kept(const struct unwinder *u)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < u->n_spaces; i++)
		n += unwind_space_length(u->spaces[i].space);
	return n;
}

static void space_add(struct unwinder *u, struct unwind_space *space)
{
	while (u->n_spaces == MAX_SPACES || (u->n_spaces > 0 && mappings_kept(u) > MAX_MAPPINGS))
		space_drop(u, oldest_space(u));
	u->spaces[u->n_spaces++] = (struct kept_space){ space, ++u->clock };
	u->current = space;
}

int unwinder_set_space(struct unwinder *u, uint32_t machine,
		       const struct hearth_unwind_mapping *mappings, uint32_t n)
{
	struct unwind_space *space;
	int r;

	u->current = NULL;
	for (uint32_t i = 0; i < u->n_spaces; i++)
		if (unwind_space_is(u->spaces[i].space, machine, mappings, n)) {
			u->spaces[i].used = ++u->clock;
			u->current = u->spaces[i].space;
			return 0;
		}
	r = unwind_space_new(machine, mappings, n, &space);
	if (r < 0)
		return r;
	space_add(u, space);
	return 0;
}

/* ---- files ---- */

static uint32_t file_place(const struct unwinder *u, uint64_t handle)
{
	uint32_t low = 0, high = u->n_files;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (u->files[middle].handle < handle)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct kept_file *file_find(struct unwinder *u, uint64_t handle)
{
	uint32_t i = file_place(u, handle);

	return i < u->n_files && u->files[i].handle == handle ? &u->files[i] : NULL;
}

static void file_drop(struct unwinder *u, uint32_t index)
{
	struct unwind_rules *rules = u->files[index].rules;

	for (uint32_t i = u->n_spaces; rules && i-- > 0;)
		if (unwind_space_uses(u->spaces[i].space, rules))
			space_drop(u, i);
	u->bytes -= rules ? rules->bytes : 0;
	unwind_rules_free(rules);
	memmove(&u->files[index], &u->files[index + 1],
		(--u->n_files - index) * sizeof(u->files[0]));
}

/* n_files: all that are left are in use by the current space. */
static uint32_t oldest_file(const struct unwinder *u)
{
	uint32_t oldest = u->n_files;

	for (uint32_t i = 0; i < u->n_files; i++) {
		const struct kept_file *f = &u->files[i];

		if (u->current && f->rules && unwind_space_uses(u->current, f->rules))
			continue;
		if (oldest == u->n_files || f->used < u->files[oldest].used)
			oldest = i;
	}
	return oldest;
}

static bool make_room(struct unwinder *u, size_t bytes)
{
	while (u->n_files == MAX_FILES || u->bytes + bytes > u->max_bytes) {
		uint32_t oldest = oldest_file(u);

		if (oldest == u->n_files)
			return false;
		file_drop(u, oldest);
	}
	return true;
}

void unwinder_add_file(struct unwinder *u, uint64_t handle, const struct elf_file *f,
		       const struct elf_file *debug)
{
	_cleanup_(unwind_rules_freep) struct unwind_rules *rules = NULL;
	uint32_t at;

	if (file_find(u, handle))
		return;
	if (f && unwind_rules_new(f, debug, &rules) < 0)
		rules = NULL;
	if (rules && !make_room(u, rules->bytes))
		rules = unwind_rules_free(rules);
	if (!make_room(u, 0))
		return;
	at = file_place(u, handle);
	memmove(&u->files[at + 1], &u->files[at], (u->n_files++ - at) * sizeof(u->files[0]));
	u->bytes += rules ? rules->bytes : 0;
	u->files[at] = (struct kept_file){ handle, ++u->clock, TAKE_PTR(rules) };
}

static int file_rules(void *ctx, uint64_t handle, const struct unwind_rules **ret)
{
	struct unwinder *u = ctx;
	struct kept_file *file = file_find(u, handle);

	if (!file)
		return u->is_final ? -ENODATA : -EAGAIN;
	file->used = ++u->clock;
	if (!file->rules)
		return -ENODATA;
	*ret = file->rules;
	return 0;
}

/* ---- samples ---- */

int unwinder_walk(struct unwinder *u, const struct hearth_unwind_sample *sample,
		  uint32_t max_frames, bool is_final, struct hearth_unwinding *ret)
{
	const struct unwind_files files = { .find = file_rules, .ctx = u };

	if (!u->current || max_frames == 0 || max_frames > HEARTH_UNWIND_MAX_FRAMES)
		return -EINVAL;
	u->is_final = is_final;
	return unwind_space_walk(u->current, &files, sample, max_frames, u->frames, ret);
}
