/* SPDX-License-Identifier: Apache-2.0 */
/* What `record` prints at its end, so that nobody has to open the page to learn the first fact. */
#include "hottest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int order_weights(const void *a, const void *b, void *ctx)
{
	const struct function_weight *x = a, *y = b;
	const struct tree *t = ctx;

	if (x->self != y->self)
		return x->self < y->self ? 1 : -1;
	if (x->total != y->total)
		return x->total < y->total ? 1 : -1;
	return strcmp(tree_string(t, tree_label(t, x->label)->name),
		      tree_string(t, tree_label(t, y->label)->name));
}

/* Processes and cut stacks have weight, but are no functions. */
static uint32_t keep_functions(const struct tree *t, struct function_weight *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < tree_n_labels(t); i++) {
		uint32_t kind = tree_label(t, w[i].label)->kind;

		if (kind != LABEL_PROCESS && kind != LABEL_TRUNCATED && w[i].self)
			w[n++] = w[i];
	}
	return n;
}

static void write_function(struct json_text *j, const struct tree *t,
			   const struct function_weight *w, uint64_t all)
{
	const struct tree_label *label = tree_label(t, w->label);

	json_open(j, '{');
	json_put_key(j, "function");
	json_put_string(j, tree_string(t, label->name));
	json_member_string(j, "module", tree_string(t, label->module));
	json_put_key(j, "kind");
	json_put_string(j, label_kind_name(label->kind));
	json_member_uint(j, "samples", w->self);
	json_member_uint(j, "total", w->total);
	json_put_key(j, "share");
	json_put_number(j, all ? (double)w->self / (double)all : 0);
	json_close(j, '}');
}

int hottest_write(const struct tree *t, const struct layout *l, struct json_text *j)
{
	_cleanup_free_ struct function_weight *w = NULL;
	uint32_t n;
	int r;

	r = layout_weigh(l, t, &w);
	if (r < 0)
		return r;
	n = keep_functions(t, w);
	qsort_r(w, n, sizeof(*w), order_weights, (void *)(uintptr_t)t);
	json_open(j, '[');
	for (uint32_t i = 0; i < n && i < N_HOTTEST; i++)
		write_function(j, t, &w[i], l->total[0]);
	json_close(j, ']');
	return j->error;
}
