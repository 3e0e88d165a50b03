/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From files, variables and words to one tree. Each source is checked for what it may say before
 * it is laid on the others, because afterwards nobody can tell where a key came from.
 */
#include "config/layers.h"

#include <errno.h>
#include <string.h>

#include "config/environ.h"
#include "config/files.h"
#include "config/overlay.h"
#include "config/override.h"
#include "config/yaml.h"
#include "util/str.h"

static int environ_add(struct reading *r)
{
	struct node *n = NULL;
	int q = environ_read(r->variables, r->layers->tree, !r->sources->has_no_files, r->errors, &n);

	return q < 0 ? q : reading_add(r, n);
}

typedef int (*override_fn)(const char *text, const struct node *below, struct config_errors *errors,
			   struct node **ret);

static void words_add(struct reading *r, char *const *words, override_fn fn)
{
	for (char *const *p = words; p && *p; p++) {
		struct node *n = NULL;
		int q = fn(*p, r->layers->tree, r->errors, &n);

		reading_remember(r, q < 0 ? q : reading_add(r, n));
	}
}

static int command_line_add(struct reading *r)
{
	if (r->sources->command_line) {
		struct node *n = node_copy(r->sources->command_line);
		int q = n ? reading_add(r, n) : -ENOMEM;

		if (q < 0)
			return q;
	}
	words_add(r, r->sources->sinks, override_sink);
	words_add(r, r->sources->set, override_set);
	return 0;
}

static int overlaid_remember(struct reading *r, const struct node *overlay)
{
	const struct node *plugins = node_get(overlay, "plugins");

	for (size_t i = 0; plugins && plugins->kind == NODE_MAP && i < plugins->n_children; i++) {
		int q = strv_append(&r->layers->overlaid, plugins->children[i]->key);

		if (q < 0)
			return q;
	}
	return 0;
}

/* A verb wrote this text from its options, and nobody can look at a line of it. */
static void forget_lines(struct node *n)
{
	n->origin = n->key_origin = (struct origin){ .file = origin_file("command line") };
	for (size_t i = 0; i < n->n_children; i++)
		forget_lines(n->children[i]);
}

static int overlay_add(struct reading *r)
{
	const struct config_sources *s = r->sources;
	_cleanup_(node_freep) struct node *n = NULL;
	int q;

	if (!s->overlay)
		return 0;
	q = yaml_parse(s->is_run_overlay ? "run" : "control overlay", s->overlay, strlen(s->overlay),
		       r->errors, &n);
	if (q == 0 && n && s->has_no_files)
		forget_lines(n);
	if (q == 0)
		q = layer_check(n, r->errors);
	if (q == 0 && s->is_run_overlay)
		q = layer_refuse_environment(n, r->errors);
	if (q == 0 && !s->is_run_overlay)
		q = overlay_check(n, r->layers->tree, r->errors);
	if (q == 0)
		q = overlaid_remember(r, n);
	return q < 0 ? q : reading_add(r, TAKE_PTR(n));
}

/* Later sources are judged by what the files configured, so only if those are sound. */
static void rest_add(struct reading *r)
{
	bool is_verb = r->sources->has_no_files;

	if (r->worst == 0 && is_verb)
		reading_remember(r, overlay_add(r));
	if (r->worst == 0)
		reading_remember(r, environ_add(r));
	if (r->worst == 0)
		reading_remember(r, command_line_add(r));
	if (r->worst == 0 && !is_verb)
		reading_remember(r, overlay_add(r));
}

int layers_load(const struct config_sources *sources, char *const *variables,
		struct config_errors *errors, struct layers *ret)
{
	_cleanup_(layers_done) struct layers l = {};
	struct reading r = {sources, variables, errors, &l, NULL, 0};

	l.tree = node_new(NODE_MAP, (struct origin){});
	if (!l.tree)
		return -ENOMEM;
	files_add(&r);
	rest_add(&r);
	free(r.folder);
	if (r.worst < 0)
		return r.worst;
	*ret = l;
	l = (struct layers){};
	return 0;
}

void layers_done(struct layers *l)
{
	node_free(l->tree);
	free(l->path);
	free(l->environment);
	strv_free(l->overlaid);
	*l = (struct layers){};
}
