/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two nodes can have one text (a function of one name in two libraries): lines are sorted by
 * their text and equal neighbours are added up, without ever holding all lines in memory.
 */
#include "folded.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct folding {
	const struct tree *tree;
	char **texts;    /* of labels */
	uint32_t *depth; /* of nodes, the root has 0 */
	uint32_t *path;  /* scratch, root first */
};

static void folding_done(struct folding *f)
{
	for (uint32_t i = 0; f->texts && i < tree_n_labels(f->tree); i++)
		free(f->texts[i]);
	free(f->texts);
	free(f->depth);
	free(f->path);
}

static char *label_text(const struct tree *t, uint32_t i)
{
	static const char *const suffix[N_LABEL_KINDS] = {
		[LABEL_KERNEL] = "_[k]",
		[LABEL_JIT] = "_[j]",
	};
	const struct tree_label *label = tree_label(t, i);
	char *text;

	if (asprintf(&text, "%s%s", tree_string(t, label->name),
		     suffix[label->kind] ? suffix[label->kind] : "") < 0)
		return NULL;
	for (char *p = strchr(text, ';'); p; p = strchr(p, ';'))
		*p = ':';
	return text;
}

static int folding_init(struct folding *f, const struct tree *t)
{
	uint32_t n = tree_n_nodes(t), n_labels = tree_n_labels(t), deepest = 0;

	f->tree = t;
	f->texts = calloc(n_labels, sizeof(*f->texts));
	f->depth = calloc(n, sizeof(*f->depth));
	if (!f->texts || !f->depth)
		return -ENOMEM;
	for (uint32_t i = 0; i < n_labels; i++) {
		f->texts[i] = label_text(t, i);
		if (!f->texts[i])
			return -ENOMEM;
	}
	for (uint32_t i = 1; i < n; i++) {
		f->depth[i] = f->depth[tree_node(t, i)->parent] + 1;
		if (f->depth[i] > deepest)
			deepest = f->depth[i];
	}
	f->path = calloc(deepest + (size_t)1, sizeof(*f->path));
	return f->path ? 0 : -ENOMEM;
}

static const char *node_text(const struct folding *f, uint32_t node)
{
	return f->texts[tree_node(f->tree, node)->label];
}

/* Texts with what follows them: ';' where the stack goes on, nothing where it ends. */
static int compare_texts(const char *a, bool a_goes_on, const char *b, bool b_goes_on)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (*a ? (unsigned char)*a : a_goes_on ? ';' : 0) -
	       (*b ? (unsigned char)*b : b_goes_on ? ';' : 0);
}

/* Compares two stacks as text, from where they part. */
static int compare_stacks(const void *a, const void *b, void *ctx)
{
	const struct folding *f = ctx;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	bool x_goes_on = false, y_goes_on = false;
	int order = 0;

	for (; f->depth[x] > f->depth[y]; x_goes_on = true)
		x = tree_node(f->tree, x)->parent;
	for (; f->depth[y] > f->depth[x]; y_goes_on = true)
		y = tree_node(f->tree, y)->parent;
	if (x_goes_on != y_goes_on)
		order = x_goes_on ? 1 : -1;
	for (; x != y; x_goes_on = y_goes_on = true) {
		if (strcmp(node_text(f, x), node_text(f, y)) != 0)
			order = compare_texts(node_text(f, x), x_goes_on, node_text(f, y),
					      y_goes_on);
		x = tree_node(f->tree, x)->parent;
		y = tree_node(f->tree, y)->parent;
	}
	return order;
}

static void write_line(const struct folding *f, struct outfile *o, uint32_t node, uint64_t value)
{
	uint32_t depth = f->depth[node];

	for (uint32_t i = depth; i > 0; i--) {
		f->path[i - 1] = node;
		node = tree_node(f->tree, node)->parent;
	}
	for (uint32_t i = 0; i < depth; i++) {
		outfile_text(o, i ? ";" : "");
		outfile_text(o, node_text(f, f->path[i]));
	}
	outfile_format(o, " %" PRIu64 "\n", value);
}

static void write_merged(struct folding *f, struct outfile *o, const uint32_t *ends, uint32_t n,
			 uint64_t *ret_n_stacks)
{
	uint32_t next;

	*ret_n_stacks = 0;
	for (uint32_t i = 0; i < n; i = next) {
		uint64_t value = tree_node(f->tree, ends[i])->self;

		next = i + 1;
		for (; next < n && compare_stacks(&ends[i], &ends[next], f) == 0; next++)
			value += tree_node(f->tree, ends[next])->self;
		write_line(f, o, ends[i], value);
		++*ret_n_stacks;
	}
}

int folded_write(const struct tree *t, struct outfile *o, uint64_t *ret_n_stacks)
{
	_cleanup_(folding_done) struct folding f = { .tree = t };
	_cleanup_free_ uint32_t *ends = NULL;
	uint32_t n = 0;
	int r;

	r = folding_init(&f, t);
	if (r < 0)
		return r;
	ends = calloc(tree_n_nodes(t), sizeof(*ends));
	if (!ends)
		return -ENOMEM;
	for (uint32_t i = 1; i < tree_n_nodes(t); i++)
		if (tree_node(t, i)->self)
			ends[n++] = i;
	qsort_r(ends, n, sizeof(*ends), compare_stacks, &f);
	write_merged(&f, o, ends, n, ret_n_stacks);
	return 0;
}
