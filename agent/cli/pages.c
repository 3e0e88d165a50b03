/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs of the host and of plugins look the same from here on. */
#include "cli/pages.h"

#include <errno.h>

#include "cli/cli.h"
#include "util/str.h"
#include "util/sys.h"

struct page page_of_host(const struct cli_verb *v)
{
	return (struct page){
		.verb = v->name,
		.summary = v->summary,
		.arguments = v->arguments,
		.description = v->description,
		.options = {v->options, v->n_options, sizeof(*v->options)},
	};
}

struct page page_of_plugin(const struct verb *v)
{
	return (struct page){
		.verb = v->v.name,
		.summary = v->v.summary ? v->v.summary : "",
		.arguments = v->v.arguments,
		.description = v->v.description,
		.options = v->options,
	};
}

static int page_append(struct page_list *l, struct page p)
{
	struct page *more;

	/* The first plugin with a verb has it, and no plugin takes one of the host's. */
	if (pages_find(l, p.verb))
		return 0;
	more = sys_realloc(l->pages, l->n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	l->pages = more;
	l->pages[l->n++] = p;
	return 0;
}

struct collecting {
	struct page_list *list;
	int error;
};

static void plugin_collect(void *ctx, const char *name, const struct plugin *p, const char *why)
{
	struct collecting *c = ctx;

	(void)name;
	(void)why;
	for (size_t i = 0; p && i < p->n_verbs && c->error == 0; i++)
		c->error = page_append(c->list, page_of_plugin(&p->verbs[i]));
}

int pages_collect(struct registry *plugins, struct page_list *ret)
{
	_cleanup_(pages_done) struct page_list list = {};
	struct collecting c = {&list, 0};

	for (const struct cli_verb *const *v = cli_verbs; *v && c.error == 0; v++)
		if (!(*v)->is_hidden)
			c.error = page_append(&list, page_of_host(*v));
	if (c.error == 0)
		(void)registry_each(plugins, plugin_collect, &c);
	if (c.error < 0)
		return c.error;
	*ret = list;
	list = (struct page_list){};
	return 0;
}

void pages_done(struct page_list *l)
{
	free(l->pages);
	*l = (struct page_list){};
}

const struct page *pages_find(const struct page_list *l, const char *verb)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_equal(l->pages[i].verb, verb))
			return &l->pages[i];
	return NULL;
}
