/* SPDX-License-Identifier: Apache-2.0 */
/* A profile that lost samples says so wherever it goes. */
#include "comments.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <hearth/profile.h>

#include "common/cleanup.h"

__attribute__((format(printf, 3, 4))) static void add(struct comments *c, struct profile *p,
						      const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;
	int n;

	if (c->n == MAX_COMMENTS)
		return;
	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		text = NULL;
		return;
	}
	c->texts[c->n++] = hearth_flat_intern_string(&p->tables, text);
}

static const char *text_of(const struct profile *p, uint32_t string)
{
	size_t len;

	return string ? tables_string(&p->tables, string, &len) : "";
}

static void add_event(struct comments *c, struct profile *p, const struct value_types *types,
		      uint32_t event)
{
	const char *value = "", *period = NULL;

	for (uint32_t i = 0; i < types->n; i++)
		if (types->rows[i].event == event && types->rows[i].is_period)
			period = text_of(p, types->rows[i].type);
		else if (types->rows[i].event == event)
			value = text_of(p, types->rows[i].type);
	add(c, p, "event %s: %s%s%s", text_of(p, p->events[event].name), value,
	    period ? ", " : "", period ? period : "");
}

static void add_losses(struct comments *c, struct profile *p)
{
	static const struct {
		const char *verb, *noun;
	} kinds[] = {
		[HEARTH_LOSS_SAMPLES] = { "lost", "samples" },
		[HEARTH_LOSS_STACKS] = { "truncated", "stacks" },
		[HEARTH_LOSS_EVENTS] = { "lost", "process events" },
		[HEARTH_LOSS_NAMES] = { "unnamed", "frames" },
	};

	for (uint32_t i = 1; i < tables_count(&p->tables, TABLE_LOSSES); i++) {
		struct table_loss loss;
		uint64_t count;

		tables_row(&p->tables, TABLE_LOSSES, i, &loss);
		tables_row(&p->tables, TABLE_LOST, i, &count);
		if (loss.kind < ARRAY_SIZE(kinds) && kinds[loss.kind].verb)
			add(c, p, "%s %" PRIu64 " %s: %s", kinds[loss.kind].verb, count,
			    kinds[loss.kind].noun, text_of(p, loss.cause));
	}
	if (p->n_truncated)
		add(c, p, "truncated %" PRIu64 " stacks: memory limit", p->n_truncated);
	if (p->n_unlabelled)
		add(c, p, "left out the labels of %" PRIu64 " samples: memory limit", p->n_unlabelled);
}

void comments_make(struct comments *c, struct profile *p, const struct value_types *types,
		   const struct hearth_host *h)
{
	c->n = 0;
	for (uint32_t i = 0; i < p->n_events; i++)
		add_event(c, p, types, i);
	add_losses(c, p);
	for (uint32_t i = 0; h && i < h->n_labels; i++) {
		const struct hearth_label *l =
			(const void *)((const char *)h->labels + (size_t)i * h->label_stride);

		add(c, p, "label %s: %s", l->key, l->value);
	}
}
