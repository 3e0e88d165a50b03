/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hundred thousand stacks have to load within a second and fit in a mail, so nodes are a few
 * characters each. Names come from strangers: they only ever stand in JSON, where json_text
 * escapes what HTML would take for markup, and the page puts them on screen as text.
 */
#include "page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_text.h"
#include "owners.h"
#include "page_source.h" /* made from page/ when this is built */
#include "vlq.h"

struct numbering {
	uint32_t *labels;  /* in order of use, most used first */
	uint32_t *numbers; /* label → its place in labels */
	uint32_t n;
};

static void numbering_done(struct numbering *n)
{
	free(n->labels);
	free(n->numbers);
}

static int order_uses(const void *a, const void *b, void *ctx)
{
	const uint32_t *uses = ctx, x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (uses[x] != uses[y])
		return uses[x] < uses[y] ? 1 : -1;
	return (x > y) - (x < y);
}

/* Frequent labels get small numbers, which take few characters. */
static int numbering_init(struct numbering *n, const struct tree *t)
{
	_cleanup_free_ uint32_t *uses = calloc(tree_n_labels(t), sizeof(*uses));

	n->n = tree_n_labels(t);
	n->labels = calloc(n->n, sizeof(*n->labels));
	n->numbers = calloc(n->n, sizeof(*n->numbers));
	if (!uses || !n->labels || !n->numbers)
		return -ENOMEM;
	for (uint32_t i = 0; i < tree_n_nodes(t); i++)
		uses[tree_node(t, i)->label]++;
	for (uint32_t i = 0; i < n->n; i++)
		n->labels[i] = i;
	qsort_r(n->labels, n->n, sizeof(*n->labels), order_uses, uses);
	for (uint32_t i = 0; i < n->n; i++)
		n->numbers[n->labels[i]] = i;
	return 0;
}

static void write_causes(struct json_text *j, const char *key, const struct causes *c)
{
	json_put_key(j, key);
	json_open(j, '{');
	for (uint32_t i = 0; i < c->n; i++)
		json_member_uint(j, c->text[i], c->count[i]);
	json_close(j, '}');
}

static void write_labels_of_host(struct json_text *j, const struct style *style)
{
	json_put_key(j, "labels");
	json_open(j, '{');
	for (uint32_t i = 0; i < style->n_labels; i++) {
		struct hearth_label label;

		memcpy(&label, (const char *)style->labels + (size_t)i * style->label_stride,
		       sizeof(label));
		json_put_key(j, label.key);
		json_put_string(j, label.value);
	}
	json_close(j, '}');
}

static void write_style(struct json_text *j, const struct style *style)
{
	json_member_string(j, "title", style->title);
	json_member_string(j, "countUnit", style->count_unit);
	json_member_uint(j, "width", style->width);
	json_member_uint(j, "frameHeight", style->frame_height);
	json_put_key(j, "minWidth");
	json_put_number(j, style->min_width);
	json_put_key(j, "inverted");
	json_put_bool(j, style->is_inverted);
	json_put_key(j, "turn");
	json_put_number(j, style->palette->turn);
	json_put_key(j, "palette");
	json_open(j, '[');
	for (uint32_t i = 0; i < N_LABEL_KINDS; i++) {
		json_open(j, '[');
		json_put_number(j, style->palette->kinds[i].hue);
		json_put_number(j, style->palette->kinds[i].chroma);
		json_close(j, ']');
	}
	json_close(j, ']');
}

static void write_facts(struct json_text *j, const struct profile *p,
			const struct style *style)
{
	json_member_uint(j, "version", 1);
	write_style(j, style);
	write_labels_of_host(j, style);
	json_member_string(j, "event", p->event);
	json_member_string(j, "sampleType", p->sample_type);
	json_member_string(j, "sampleUnit", p->sample_unit);
	json_member_string(j, "periodUnit", p->period_unit);
	json_member_uint(j, "period", p->period);
	json_member_uint(j, "startMs", p->event ?
			 (uint64_t)((int64_t)p->start_ns + p->to_realtime_ns) / 1000000 : 0);
	json_member_uint(j, "durationMs", p->end_ns > p->start_ns ?
			 (p->end_ns - p->start_ns) / 1000000 : 0);
	json_member_uint(j, "cpus", profile_n_cpus(p));
	json_member_uint(j, "samples", p->n_samples);
	json_member_uint(j, "whole", p->whole);
	write_causes(j, "lost", &p->lost);
	write_causes(j, "truncated", &p->truncated);
	write_causes(j, "unnamed", &p->unnamed);
}

/* Few modules for many labels: a table of them, and a number per label. */
static int write_modules(struct json_text *j, const struct tree *t, const struct numbering *labels)
{
	_cleanup_free_ uint32_t *dense = NULL;
	uint32_t n_strings = 1, n = 0;

	for (uint32_t i = 0; i < labels->n; i++)
		if (tree_label(t, i)->module >= n_strings)
			n_strings = tree_label(t, i)->module + 1;
	dense = calloc(n_strings, sizeof(*dense));
	if (!dense)
		return -ENOMEM;
	json_put_key(j, "modules");
	json_open(j, '[');
	json_put_string(j, "");
	for (uint32_t i = 0; i < labels->n; i++) {
		uint32_t module = tree_label(t, labels->labels[i])->module;

		if (module == 0 || dense[module])
			continue;
		dense[module] = ++n;
		json_put_string(j, tree_string(t, module));
	}
	json_close(j, ']');
	json_put_key(j, "module");
	json_open(j, '[');
	for (uint32_t i = 0; i < labels->n; i++)
		json_put_uint(j, dense[tree_label(t, labels->labels[i])->module]);
	json_close(j, ']');
	return 0;
}

static int write_label_tables(struct json_text *j, const struct tree *t,
			      const struct numbering *labels)
{
	json_put_key(j, "kindNames");
	json_open(j, '[');
	for (uint32_t i = 0; i < N_LABEL_KINDS; i++)
		json_put_string(j, label_kind_name(i));
	json_close(j, ']');
	json_put_key(j, "names");
	json_open(j, '[');
	for (uint32_t i = 0; i < labels->n; i++)
		json_put_string(j, tree_string(t, tree_label(t, labels->labels[i])->name));
	json_close(j, ']');
	json_put_key(j, "kind");
	json_open(j, '[');
	for (uint32_t i = 0; i < labels->n; i++)
		json_put_uint(j, tree_label(t, labels->labels[i])->kind);
	json_close(j, ']');
	return write_modules(j, t, labels);
}

static void write_nodes(struct outfile *o, const struct tree *t, const struct layout *l,
			const struct numbering *labels)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const struct tree_node *node = tree_node(t, l->order[i]);
		uint32_t up = i ? l->depth[i - 1] + 1 - l->depth[i] : 0;

		vlq_write(o, (uint64_t)up << 1 | (node->self != 0));
		vlq_write(o, labels->numbers[node->label]);
		if (node->self)
			vlq_write(o, node->self);
	}
}

static int write_json(struct json_text *j, const struct profile *p, const struct style *style,
		      const struct numbering *labels)
{
	int r;

	json_open(j, '{');
	write_facts(j, p, style);
	r = write_label_tables(j, p->tree, labels);
	if (r < 0)
		return r;
	json_put_key(j, "owners");
	return owners_write(p->tree, j);
}

int page_write(const struct profile *p, const struct layout *l, const struct style *style,
	       struct outfile *o)
{
	_cleanup_(numbering_done) struct numbering labels = { .n = 0 };
	_cleanup_(json_text_done) struct json_text j = { .text = NULL };
	int r;

	r = numbering_init(&labels, p->tree);
	if (r < 0)
		return r;
	r = write_json(&j, p, style, &labels);
	if (r < 0)
		return r;
	outfile_write(o, page_before_data, sizeof(page_before_data) - 1);
	outfile_write(o, j.text, j.len);
	outfile_format(o, ",\"nNodes\":%u,\"nodes\":\"", l->n);
	write_nodes(o, p->tree, l, &labels);
	outfile_text(o, "\",\"parts\":\"");
	r = owners_write_parts(p->tree, l, o);
	outfile_text(o, "\"}");
	outfile_write(o, page_after_data, sizeof(page_after_data) - 1);
	return r;
}
