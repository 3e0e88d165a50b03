/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree is one, whoever ran its code, because equal stacks of a thousand short processes are
 * one picture; so who owns how much of a node stands in a table beside it.
 */
#include "owners.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "vlq.h"

static const struct {
	const char *key;
	size_t offset;
} texts[] = {
	{ "comm", offsetof(struct tree_owner, comm) },
	{ "thread", offsetof(struct tree_owner, thread_comm) },
	{ "container", offsetof(struct tree_owner, container) },
};

static uint32_t text_of(const struct tree *t, uint32_t owner, size_t column)
{
	uint32_t string;

	memcpy(&string, (const char *)tree_owner(t, owner) + texts[column].offset, sizeof(string));
	return string;
}

/* Each text once; numbers[string] is its place. */
static void write_texts(const struct tree *t, struct json_text *j, uint32_t *numbers)
{
	uint32_t n = 0;

	json_put_key(j, "text");
	json_open(j, '[');
	json_put_string(j, "");
	for (uint32_t i = 0; i < tree_n_owners(t); i++)
		for (size_t column = 0; column < ARRAY_SIZE(texts); column++) {
			uint32_t string = text_of(t, i, column);

			if (string == 0 || numbers[string])
				continue;
			numbers[string] = ++n;
			json_put_string(j, tree_string(t, string));
		}
	json_close(j, ']');
}

static void write_ids(const struct tree *t, struct json_text *j)
{
	uint32_t n = tree_n_owners(t);

	json_put_key(j, "pid");
	json_open(j, '[');
	for (uint32_t i = 0; i < n; i++)
		json_put_uint(j, tree_owner(t, i)->pid);
	json_close(j, ']');
	json_put_key(j, "tid");
	json_open(j, '[');
	for (uint32_t i = 0; i < n; i++)
		json_put_uint(j, tree_owner(t, i)->tid);
	json_close(j, ']');
	json_put_key(j, "start");
	json_open(j, '[');
	for (uint32_t i = 0; i < n; i++)
		json_put_uint(j, tree_owner(t, i)->start_time);
	json_close(j, ']');
}

int owners_write(const struct tree *t, struct json_text *j)
{
	_cleanup_free_ uint32_t *numbers = calloc(tree_n_strings(t) + (size_t)1, sizeof(*numbers));

	if (!numbers)
		return -ENOMEM;
	json_open(j, '{');
	write_texts(t, j, numbers);
	write_ids(t, j);
	for (size_t column = 0; column < ARRAY_SIZE(texts); column++) {
		json_put_key(j, texts[column].key);
		json_open(j, '[');
		for (uint32_t i = 0; i < tree_n_owners(t); i++)
			json_put_uint(j, numbers[text_of(t, i, column)]);
		json_close(j, ']');
	}
	json_close(j, '}');
	return j->error;
}

/* parts[first[node]] to parts[first[node + 1]] are those of a node. */
static void sort_by_node(const struct tree *t, uint32_t *first, uint32_t *parts)
{
	uint32_t n = tree_n_parts(t);

	for (uint32_t i = 0; i < n; i++)
		first[tree_part(t, i)->node + 2]++;
	for (uint32_t i = 2; i <= tree_n_nodes(t); i++)
		first[i] += first[i - 1];
	for (uint32_t i = 0; i < n; i++)
		parts[first[tree_part(t, i)->node + 1]++] = i;
}

int owners_write_parts(const struct tree *t, const struct layout *l, struct outfile *o)
{
	_cleanup_free_ uint32_t *first = calloc(tree_n_nodes(t) + (size_t)2, sizeof(*first));
	_cleanup_free_ uint32_t *parts = calloc(tree_n_parts(t) + (size_t)1, sizeof(*parts));

	if (!first || !parts)
		return -ENOMEM;
	sort_by_node(t, first, parts);
	for (uint32_t i = 0; i < l->n; i++) {
		uint32_t node = l->order[i], end = first[node + 1];

		if (!tree_node(t, node)->self)
			continue;
		vlq_write(o, end - first[node]);
		for (uint32_t k = first[node]; k < end; k++) {
			vlq_write(o, tree_part(t, parts[k])->owner);
			if (k + 1 < end)
				vlq_write(o, tree_part(t, parts[k])->value);
		}
	}
	return 0;
}
