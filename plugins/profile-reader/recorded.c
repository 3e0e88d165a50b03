/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file is looked for at the first sample that hits it: a recording names thousands that no
 * sample ever ran in.
 */
#include "recorded.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/flat_builder.h>

enum { MAX_LOADS = 64 };

void recorded_init(struct recorded_files *f, const struct hearth_host *host)
{
	memset(f, 0, sizeof(*f));
	f->host = host;
}

static void file_free(struct recorded_file *file)
{
	free(file->path);
	free(file->cause);
	free(file->loads);
	free(file);
}

void recorded_done(struct recorded_files *f)
{
	for (size_t i = 0; i < RECORDED_BUCKETS; i++)
		for (struct recorded_file *e = f->buckets[i], *next; e; e = next) {
			next = e->next;
			file_free(e);
		}
	memset(f, 0, sizeof(*f));
}

static bool is_file(const struct recorded_file *e, const struct recorded_key *k, uint32_t len)
{
	return e->build_id_len == len && (len == 0 || memcmp(e->build_id, k->build_id, len) == 0) &&
	       strlen(e->path) == k->path_len && memcmp(e->path, k->path, k->path_len) == 0 &&
	       e->kernel_text == k->kernel_text;
}

static struct recorded_file *file_new(const struct recorded_key *k, uint32_t len)
{
	struct recorded_file *e = calloc(1, sizeof(*e));

	if (e)
		e->path = strndup(k->path, k->path_len);
	if (!e || !e->path) {
		free(e);
		return NULL;
	}
	e->build_id_len = len;
	if (len)
		memcpy(e->build_id, k->build_id, len);
	e->kernel_text = k->kernel_text;
	return e;
}

struct recorded_file *recorded_find(struct recorded_files *f, const struct recorded_key *k)
{
	uint32_t len = k->build_id_len <= sizeof(f->buckets[0]->build_id) ? k->build_id_len : 0;
	uint32_t hash = hearth_flat_hash(k->path, k->path_len) ^
			(len ? hearth_flat_hash(k->build_id, len) : 0);
	struct recorded_file **bucket = &f->buckets[hash % RECORDED_BUCKETS], *e;

	for (e = *bucket; e; e = e->next)
		if (e->hash == hash && is_file(e, k, len))
			return e;
	e = f->n < RECORDED_MAX_FILES ? file_new(k, len) : NULL;
	if (!e)
		return NULL;
	e->owner = f;
	e->hash = hash;
	e->index = ++f->n;
	e->next = *bucket;
	*bucket = e;
	return e;
}

/* ---- looking for it ---- */

static void file_fail(struct recorded_file *e, const char *cause)
{
	free(e->cause);
	e->cause = strdup(cause);
	e->state = RECORDED_FAILED;
}

static void file_learn(struct recorded_file *e, const struct hearth_inspected *a)
{
	uint32_t n = a->n_loads < MAX_LOADS ? a->n_loads : MAX_LOADS;
	size_t size = a->load_stride < sizeof(*e->loads) ? a->load_stride : sizeof(*e->loads);

	e->loads = calloc(n ? n : 1, sizeof(*e->loads));
	if (!e->loads)
		return file_fail(e, "out of memory");
	for (uint32_t i = 0; i < n; i++)
		memcpy(&e->loads[i], (const uint8_t *)a->loads + (size_t)i * a->load_stride, size);
	e->n_loads = n;
	e->handle = a->handle;
	e->size = a->file_size;
	e->state = RECORDED_KNOWN;
}

static void on_inspected(void *ctx, const struct hearth_inspected *a)
{
	struct recorded_file *e = ctx;
	struct recorded_files *owner = e->owner;

	owner->n_pending--;
	if (a->status == 0)
		file_learn(e, a);
	else
		file_fail(e, a->cause ? a->cause : strerror(-a->status));
	if (owner->answered)
		owner->answered(owner->answered_ctx);
}

void recorded_want(struct recorded_file *e)
{
	struct recorded_files *f = e->owner;
	struct hearth_inspect_recorded target = {
		.size = sizeof(target),
		.build_id_len = e->build_id_len,
		.build_id = e->build_id,
		.path = e->path,
		.kernel_text = e->kernel_text,
	};
	int32_t r;

	if (e->state != RECORDED_NEW)
		return;
	if (!f->inspect || !HEARTH_HAS(f->inspect, open_recorded) || !f->inspect->open_recorded)
		return file_fail(e, "this host cannot look for recorded files");
	/* Before the call: an answer from memory may come while it runs. */
	e->state = RECORDED_PENDING;
	f->n_pending++;
	r = f->inspect->open_recorded(f->host, &target, on_inspected, e);
	if (r < 0) {
		f->n_pending--;
		file_fail(e, strerror(-r));
	}
}

/* ---- addresses ---- */

/*
 * The kernel maps whole pages, so a mapping may begin before its segment and end behind it; an
 * exact hit wins over one in that margin.
 */
bool recorded_address(const struct recorded_file *file, uint64_t file_offset, uint64_t *ret_address)
{
	const uint64_t page = 4096;
	const struct hearth_elf_load *near = NULL;

	for (uint32_t i = 0; i < file->n_loads; i++) {
		const struct hearth_elf_load *l = &file->loads[i];
		uint64_t first = l->offset & ~(page - 1);

		if (!(l->flags & PF_X) || file_offset < first)
			continue;
		if (file_offset >= l->offset && file_offset - l->offset < l->file_size) {
			*ret_address = l->vaddr + (file_offset - l->offset);
			return true;
		}
		if ((file_offset - first) / page <= (l->offset - first + l->file_size) / page)
			near = l;
	}
	if (!near)
		return false;
	*ret_address = near->vaddr + (file_offset - near->offset);
	return true;
}

bool recorded_base(const struct recorded_file *file, uint64_t file_offset, uint64_t len,
		   uint64_t *ret_address)
{
	for (uint32_t i = 0; i < file->n_loads; i++) {
		const struct hearth_elf_load *l = &file->loads[i];

		if (!(l->flags & PF_X) || (l->offset >= file_offset && l->offset - file_offset >= len) ||
		    (file_offset >= l->offset && file_offset - l->offset >= l->file_size))
			continue;
		*ret_address = l->vaddr - l->offset + file_offset;
		return true;
	}
	return false;
}
