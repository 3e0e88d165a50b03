/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording of minutes has millions of samples, a hundred thousand stacks and far fewer
 * distinct beginnings of stacks; so the tree is what is kept, and the samples are let go.
 *
 * The interning tables are those of the SDK's builder, which never becomes a batch here.
 */
#include "tree.h"

#include <errno.h>
#include <string.h>

#include <hearth/flat_builder.h>

#include "common/utf8.h"

enum { TREE_LABELS = 2, TREE_NODES, TREE_OWNERS, TREE_PARTS, NAME_MAX_BYTES = 4096 };

struct tree {
	struct hearth_flat_builder tables;
	size_t limit_bytes;
};

int tree_new(size_t limit_bytes, struct tree **ret)
{
	_cleanup_(tree_freep) struct tree *t = calloc(1, sizeof(*t));
	struct tree_node root = { .self = 0 };
	struct tree_owner unknown = { .pid = 0 };

	if (!t)
		return -ENOMEM;
	t->limit_bytes = limit_bytes;
	tree_intern_label(t, LABEL_PROCESS, "", NULL); /* label 0: the root's */
	hearth_flat_append(&t->tables, TREE_NODES, &root, sizeof(root));
	hearth_flat_append(&t->tables, TREE_OWNERS, &unknown, sizeof(unknown));
	if (tree_error(t) < 0)
		return tree_error(t);
	*ret = TAKE_PTR(t);
	return 0;
}

struct tree *tree_free(struct tree *t)
{
	if (!t)
		return NULL;
	hearth_flat_done(&t->tables);
	free(t);
	return NULL;
}

/* Tables double when they grow: what is used is at least half of what is allocated. */
static size_t used_bytes(const struct tree *t)
{
	const struct hearth_flat_builder *b = &t->tables;
	size_t used = b->text_len;

	for (unsigned int i = HEARTH_STRINGS; i <= TREE_PARTS; i++)
		used += b->rows[i].count * b->rows[i].stride +
			(size_t)b->index[i].n_slots * sizeof(uint32_t);
	return used;
}

bool tree_is_full(const struct tree *t)
{
	return used_bytes(t) > t->limit_bytes / 2;
}

bool tree_is_half_full(const struct tree *t)
{
	return used_bytes(t) > t->limit_bytes / 4;
}

int tree_error(const struct tree *t)
{
	return t->tables.error;
}

/* Returns the length of the cleaned name. */
static size_t clean_name(const char *name, char *out, size_t size)
{
	const unsigned char *s = (const unsigned char *)name;
	size_t left = strlen(name), len = 0;

	while (left && len + 4 < size) {
		size_t n = utf8_sequence(s, left);

		if (n == 0 || *s < 0x20 || *s == 0x7f) {
			out[len++] = '?';
			n = 1;
		} else {
			memcpy(out + len, s, n);
			len += n;
		}
		s += n;
		left -= n;
	}
	return len;
}

static uint32_t intern_name(struct tree *t, const char *name)
{
	char clean[NAME_MAX_BYTES];

	return hearth_flat_string_n(&t->tables, clean, clean_name(name, clean, sizeof(clean)));
}

uint32_t tree_intern_label(struct tree *t, enum label_kind kind, const char *name,
			   const char *module)
{
	struct tree_label row = {
		.kind = kind,
		.name = intern_name(t, name),
		.module = module ? intern_name(t, module) : 0,
	};

	return hearth_flat_intern(&t->tables, TREE_LABELS, &row, sizeof(row));
}

/* Rows whose first `len` bytes say which they are; what follows is counted up. */
static int is_same_key(const struct hearth_flat_builder *b, uint32_t i, const void *key, size_t len,
		       unsigned int table)
{
	return memcmp(b->rows[table].bytes + (size_t)i * b->rows[table].stride, key, len) == 0;
}

static int is_same_node(const struct hearth_flat_builder *b, uint32_t i, const void *key,
			size_t len)
{
	return is_same_key(b, i, key, len, TREE_NODES);
}

static int is_same_part(const struct hearth_flat_builder *b, uint32_t i, const void *key,
			size_t len)
{
	return is_same_key(b, i, key, len, TREE_PARTS);
}

uint32_t tree_intern_child(struct tree *t, uint32_t parent, uint32_t label)
{
	struct tree_node row = { .parent = parent, .label = label };
	size_t key_len = offsetof(struct tree_node, self);
	uint32_t *slot;

	slot = hearth_flat_slot_(&t->tables, TREE_NODES, hearth_flat_hash(&row, key_len),
				 is_same_node, &row, key_len);
	if (!slot)
		return 0;
	if (!*slot)
		*slot = hearth_flat_append(&t->tables, TREE_NODES, &row, sizeof(row)) + 1;
	return *slot - 1;
}

uint32_t tree_intern_owner(struct tree *t, const struct tree_owner *who, const char *comm,
			   const char *thread_comm, const char *container)
{
	struct tree_owner row = {
		.start_time = who->start_time,
		.pid = who->pid,
		.tid = who->tid,
		.comm = intern_name(t, comm),
		.thread_comm = intern_name(t, thread_comm),
		.container = intern_name(t, container),
	};

	return hearth_flat_intern(&t->tables, TREE_OWNERS, &row, sizeof(row));
}

void tree_add(struct tree *t, uint32_t node, uint32_t owner, uint64_t value)
{
	struct tree_part row = { .node = node, .owner = owner };
	size_t key_len = offsetof(struct tree_part, value);
	uint32_t *slot;

	slot = hearth_flat_slot_(&t->tables, TREE_PARTS, hearth_flat_hash(&row, key_len),
				 is_same_part, &row, key_len);
	if (!slot)
		return;
	if (!*slot)
		*slot = hearth_flat_append(&t->tables, TREE_PARTS, &row, sizeof(row)) + 1;
	if (tree_error(t) < 0)
		return;
	((struct tree_part *)hearth_flat_at(&t->tables, TREE_PARTS, *slot - 1))->value += value;
	((struct tree_node *)hearth_flat_at(&t->tables, TREE_NODES, node))->self += value;
}

uint32_t tree_n_nodes(const struct tree *t)
{
	return (uint32_t)t->tables.rows[TREE_NODES].count;
}

uint32_t tree_n_labels(const struct tree *t)
{
	return (uint32_t)t->tables.rows[TREE_LABELS].count;
}

uint32_t tree_n_owners(const struct tree *t)
{
	return (uint32_t)t->tables.rows[TREE_OWNERS].count;
}

uint32_t tree_n_parts(const struct tree *t)
{
	return (uint32_t)t->tables.rows[TREE_PARTS].count;
}

uint32_t tree_n_strings(const struct tree *t)
{
	return (uint32_t)t->tables.rows[HEARTH_STRINGS].count;
}

const struct tree_node *tree_node(const struct tree *t, uint32_t i)
{
	return (const struct tree_node *)(const void *)t->tables.rows[TREE_NODES].bytes + i;
}

const struct tree_label *tree_label(const struct tree *t, uint32_t i)
{
	return (const struct tree_label *)(const void *)t->tables.rows[TREE_LABELS].bytes + i;
}

const struct tree_owner *tree_owner(const struct tree *t, uint32_t i)
{
	return (const struct tree_owner *)(const void *)t->tables.rows[TREE_OWNERS].bytes + i;
}

const struct tree_part *tree_part(const struct tree *t, uint32_t i)
{
	return (const struct tree_part *)(const void *)t->tables.rows[TREE_PARTS].bytes + i;
}

const char *tree_string(const struct tree *t, uint32_t i)
{
	const struct hearth_flat_builder *b = &t->tables;
	const struct hearth_flat_text *rows = (const void *)b->rows[HEARTH_STRINGS].bytes;

	return i == 0 ? "" : b->text + rows[i].offset;
}

const char *label_kind_name(enum label_kind kind)
{
	static const char *const names[N_LABEL_KINDS] = {
		[LABEL_PROCESS] = "process",
		[LABEL_KERNEL] = "kernel",
		[LABEL_NATIVE] = "native",
		[LABEL_INLINED] = "inlined",
		[LABEL_JIT] = "jit",
		[LABEL_INTERPRETED] = "interpreted",
		[LABEL_UNKNOWN] = "unknown",
		[LABEL_TRUNCATED] = "truncated",
	};

	return names[kind];
}
