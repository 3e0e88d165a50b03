/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inference works schema by schema, because a graph can be a chain for profiles and a star for
 * artifacts at the same time. Explicit inputs are taken as they are and only checked.
 */
#include "plugin/wiring.h"

#include <errno.h>
#include <string.h>

#include "util/buf.h"
#include "util/str.h"

struct maker {
	const struct wiring_node *nodes;
	size_t n;
	struct config_errors *errors;
	struct wiring w;
	bool has_errors, is_ambiguous;
};

static bool lists(const char *schemas, const char *schema, size_t len)
{
	while (schemas && *schemas) {
		size_t n = strcspn(schemas, " ");

		if (n == len && memcmp(schemas, schema, n) == 0)
			return true;
		schemas += n;
		schemas += strspn(schemas, " ");
	}
	return false;
}

static const struct hearth_component *component(const struct maker *m, size_t i)
{
	return &m->nodes[i].component->c;
}

static int edge_add(struct maker *m, size_t from, size_t to, const char *schema, size_t len)
{
	struct wiring_edge *e = NULL, *edges;
	char *schemas;

	for (size_t i = 0; i < m->w.n_edges; i++)
		if (m->w.edges[i].from == from && m->w.edges[i].to == to)
			e = &m->w.edges[i];
	if (e && lists(e->schemas, schema, len))
		return 0; /* an input that was named twice */
	if (e) {
		schemas = str_format("%s %.*s", e->schemas, (int)len, schema);
		if (!schemas)
			return -ENOMEM;
		free(e->schemas);
		e->schemas = schemas;
		return 0;
	}
	schemas = strndup(schema, len);
	edges = realloc(m->w.edges, (m->w.n_edges + 1) * sizeof(*edges));
	if (edges)
		m->w.edges = edges;
	if (!edges || !schemas) {
		free(schemas);
		return -ENOMEM;
	}
	edges[m->w.n_edges++] = (struct wiring_edge){ .from = from, .to = to, .schemas = schemas };
	return 0;
}

/* Adds an edge for every schema that `from` emits and `to` accepts; how many there were. */
static int connect_all(struct maker *m, size_t from, size_t to)
{
	const char *s = component(m, from)->emits;
	int n = 0, r;

	while (s && *s) {
		size_t len = strcspn(s, " ");

		if (lists(component(m, to)->accepts, s, len)) {
			r = edge_add(m, from, to, s, len);
			if (r < 0)
				return r;
			n++;
		}
		s += len;
		s += strspn(s, " ");
	}
	return n;
}

static int unknown_input(struct maker *m, const struct wiring_node *node, const char *input)
{
	const char **names = calloc(m->n, sizeof(*names));
	const char *near;

	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < m->n; i++)
		names[i] = m->nodes[i].name;
	near = str_suggest(input, names, m->n);
	m->has_errors = true;
	config_error(m->errors, node->inputs_origin,
		     "plugin \"%s\": input \"%s\" is not an active plugin%s%s%s", node->name, input,
		     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	free(names);
	return 0;
}

static int connect_input(struct maker *m, size_t to, const char *input)
{
	const struct wiring_node *node = &m->nodes[to];
	int r;

	for (size_t i = 0; i < m->n; i++) {
		if (!str_equal(m->nodes[i].name, input))
			continue;
		r = connect_all(m, i, to);
		if (r != 0)
			return r < 0 ? r : 0;
		m->has_errors = true;
		config_error(m->errors, node->inputs_origin,
			     "plugin \"%s\" cannot read \"%s\": it accepts %s, and \"%s\" emits %s",
			     node->name, input,
			     component(m, to)->accepts ? component(m, to)->accepts : "nothing", input,
			     component(m, i)->emits ? component(m, i)->emits : "nothing");
		return 0;
	}
	return unknown_input(m, node, input);
}

static int connect_explicit(struct maker *m)
{
	int r;

	for (size_t i = 0; i < m->n; i++)
		for (char *const *input = m->nodes[i].inputs; input && *input; input++) {
			r = connect_input(m, i, *input);
			if (r < 0)
				return r;
		}
	return 0;
}

static bool emits(const struct maker *m, size_t i, const char *schema, size_t len)
{
	return lists(component(m, i)->emits, schema, len);
}

static bool accepts(const struct maker *m, size_t i, const char *schema, size_t len)
{
	return lists(component(m, i)->accepts, schema, len);
}

static bool is_processor_of(const struct maker *m, size_t i, const char *schema, size_t len)
{
	return component(m, i)->kind == HEARTH_PROCESSOR && emits(m, i, schema, len) &&
	       accepts(m, i, schema, len);
}

/* A processor of this schema that no other processor reads by its explicit inputs. */
static bool is_chain_end(const struct maker *m, size_t i, const char *schema, size_t len)
{
	if (!is_processor_of(m, i, schema, len))
		return false;
	for (size_t e = 0; e < m->w.n_edges; e++)
		if (m->w.edges[e].from == i && is_processor_of(m, m->w.edges[e].to, schema, len) &&
		    lists(m->w.edges[e].schemas, schema, len))
			return false;
	return true;
}

static size_t chain_ends(const struct maker *m, const char *schema, size_t len, struct buf *names,
			 size_t *ret_last)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (!is_chain_end(m, i, schema, len))
			continue;
		buf_printf(names, "%s%s", n ? ", " : "", m->nodes[i].name);
		*ret_last = i;
		n++;
	}
	return n;
}

static int ambiguous(struct maker *m, size_t i, const char *schema, size_t len, const char *names)
{
	if (m->is_ambiguous)
		return 0; /* said once; it holds for every reader */
	m->has_errors = m->is_ambiguous = true;
	return config_error(m->errors, m->nodes[i].origin,
			    "plugin \"%s\": more than one processor could feed it %.*s: %s; say which "
			    "with `inputs: [NAME]`", m->nodes[i].name, (int)len, schema, names);
}

/* Reads every emitter of the schema that is not a processor of it: the head of the chain. */
static int connect_emitters(struct maker *m, size_t to, const char *schema, size_t len)
{
	for (size_t i = 0; i < m->n; i++) {
		int r;

		if (i == to || !emits(m, i, schema, len) || is_processor_of(m, i, schema, len))
			continue;
		r = edge_add(m, i, to, schema, len);
		if (r < 0)
			return r;
	}
	return 0;
}

static int infer_schema(struct maker *m, size_t to, const char *schema, size_t len)
{
	_cleanup_(buf_done) struct buf names = {};
	size_t n_ends, end = 0;

	n_ends = chain_ends(m, schema, len, &names, &end);
	if (n_ends > 1) {
		/* Processors without inputs cannot be put in an order; sinks cannot choose. */
		(void)ambiguous(m, to, schema, len, buf_text(&names));
		return 0;
	}
	if (is_processor_of(m, to, schema, len) || n_ends == 0)
		return connect_emitters(m, to, schema, len);
	return edge_add(m, end, to, schema, len);
}

static int infer(struct maker *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const char *s = component(m, i)->accepts;

		if (m->nodes[i].inputs)
			continue;
		while (s && *s) {
			size_t len = strcspn(s, " ");
			int r = infer_schema(m, i, s, len);

			if (r < 0)
				return r;
			s += len;
			s += strspn(s, " ");
		}
	}
	return 0;
}

static size_t unplaced_reader(const struct maker *m, const bool *is_placed, size_t i)
{
	for (size_t e = 0; e < m->w.n_edges; e++)
		if (m->w.edges[e].from == i && !is_placed[m->w.edges[e].to])
			return m->w.edges[e].to;
	return i;
}

/*
 * What never got its turn is in a loop or leads into one, and each has a reader of its kind: as
 * many steps as there are nodes end up inside.
 */
static int report_loop(struct maker *m, const bool *is_placed)
{
	_cleanup_(buf_done) struct buf path = {};
	size_t first = 0, i;

	while (is_placed[first])
		first++;
	for (size_t n = 0; n < m->n; n++)
		first = unplaced_reader(m, is_placed, first);
	i = first;
	do {
		buf_printf(&path, "%s → ", m->nodes[i].name);
		i = unplaced_reader(m, is_placed, i);
	} while (i != first);
	m->has_errors = true;
	config_error(m->errors, m->nodes[first].inputs_origin,
		     "plugin \"%s\" reads its own output in a loop: %s%s; break it in `inputs`",
		     m->nodes[first].name, buf_text(&path), m->nodes[first].name);
	return path.error;
}

/* Consumers first. */
static int put_in_order(struct maker *m)
{
	_cleanup_free_ bool *is_placed = calloc(m->n + 1, sizeof(*is_placed));
	size_t n = 0, before;

	m->w.order = calloc(m->n + 1, sizeof(*m->w.order));
	m->w.n_nodes = m->n;
	if (!is_placed || !m->w.order)
		return -ENOMEM;
	do {
		before = n;
		for (size_t i = 0; i < m->n; i++) {
			bool is_ready = !is_placed[i];

			for (size_t e = 0; e < m->w.n_edges; e++)
				if (m->w.edges[e].from == i && !is_placed[m->w.edges[e].to])
					is_ready = false;
			if (!is_ready)
				continue;
			is_placed[i] = true;
			m->w.order[n++] = i;
		}
	} while (n > before && n < m->n);
	return n < m->n ? report_loop(m, is_placed) : 0;
}

/* Lossless: everything upstream can wait. Sources first, so against the order. */
static void mark_lossless(struct maker *m)
{
	for (size_t k = m->n; k-- > 0;) {
		size_t i = m->w.order[k];
		bool can_wait = component(m, i)->kind == HEARTH_SOURCE &&
				(component(m, i)->flags & HEARTH_FINITE);
		size_t n_inputs = 0;

		if (component(m, i)->kind == HEARTH_PROCESSOR) {
			can_wait = true;
			for (size_t e = 0; e < m->w.n_edges; e++) {
				if (m->w.edges[e].to != i)
					continue;
				n_inputs++;
				can_wait = can_wait && m->w.edges[e].is_lossless;
			}
			can_wait = can_wait && n_inputs > 0;
		}
		for (size_t e = 0; e < m->w.n_edges && can_wait; e++)
			if (m->w.edges[e].from == i)
				m->w.edges[e].is_lossless = true;
	}
}

static void warn_unconnected(struct maker *m)
{
	for (size_t i = 0; i < m->n; i++) {
		bool is_read = !component(m, i)->emits, does_read = !component(m, i)->accepts;

		for (size_t e = 0; e < m->w.n_edges; e++) {
			is_read = is_read || m->w.edges[e].from == i;
			does_read = does_read || m->w.edges[e].to == i;
		}
		if (!does_read && m->nodes[i].inputs)
			config_warning(m->errors, m->nodes[i].origin,
				       "plugin \"%s\" reads nothing: its `inputs` are empty",
				       m->nodes[i].name);
		else if (!does_read)
			config_warning(m->errors, m->nodes[i].origin,
				       "plugin \"%s\" reads nothing: no active plugin emits %s",
				       m->nodes[i].name, component(m, i)->accepts);
		if (!is_read && component(m, i)->kind != HEARTH_SINK)
			config_warning(m->errors, m->nodes[i].origin,
				       "nothing reads plugin \"%s\"; add a sink that accepts %s",
				       m->nodes[i].name, component(m, i)->emits);
	}
}

static int compare_edges(const void *a, const void *b)
{
	const struct wiring_edge *x = a, *y = b;

	if (x->to != y->to)
		return x->to < y->to ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

int wiring_make(const struct wiring_node *nodes, size_t n, struct config_errors *errors,
		struct wiring *ret)
{
	struct maker m = { .nodes = nodes, .n = n, .errors = errors };
	int r = connect_explicit(&m);

	if (r == 0)
		r = infer(&m);
	if (r == 0)
		r = put_in_order(&m);
	if (r == 0 && m.has_errors)
		r = -EINVAL;
	if (r < 0) {
		wiring_done(&m.w);
		return r;
	}
	mark_lossless(&m);
	if (m.w.n_edges > 0)
		qsort(m.w.edges, m.w.n_edges, sizeof(*m.w.edges), compare_edges);
	warn_unconnected(&m);
	*ret = m.w;
	return 0;
}

void wiring_done(struct wiring *w)
{
	for (size_t i = 0; i < w->n_edges; i++)
		free(w->edges[i].schemas);
	free(w->edges);
	free(w->order);
	*w = (struct wiring){};
}
