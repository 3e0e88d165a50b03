/* SPDX-License-Identifier: Apache-2.0 */
/* On a terminal the widest column of names gives way first, until a row fits into a line. */
#include "columns.h"

#include <inttypes.h>
#include <string.h>

#include <hearth/profile.h>

#include "common/cleanup.h"
#include "printed.h"

enum {
	MARGIN = 2,         /* where a head has "# " */
	GAP = 2,            /* between columns */
	SHARE_WIDTH = 8,    /* "Children", "  40.92%" */
	MARK_WIDTH = 4,     /* "[k] " */
	MIN_NAME_WIDTH = 8,
};

static const char inlined[] = " (inlined)", samples_title[] = "Samples";

static const char *const titles[N_SORT_KEYS] = {
	[SORT_COMM] = "Command", [SORT_PID] = "Pid", [SORT_TID] = "Tid",
	[SORT_CPU] = "CPU", [SORT_DSO] = "Shared Object", [SORT_SYMBOL] = "Symbol",
};

static bool is_number(enum sort_key key)
{
	return key == SORT_PID || key == SORT_TID || key == SORT_CPU;
}

static void number_text(const struct recording *rec, const struct ranked *row, enum sort_key key,
			char *out, size_t size)
{
	struct context c = names_context_at(&rec->names, row->key.context);
	uint32_t n = key == SORT_PID ? c.pid : key == SORT_TID ? c.tid : c.cpu;

	if (key == SORT_CPU && n == HEARTH_NO_CPU)
		snprintf(out, size, "-");
	else
		snprintf(out, size, "%" PRIu32, n);
}

static const char *name_of(const struct recording *rec, const struct ranked *row, enum sort_key key)
{
	uint32_t name = key == SORT_COMM ? names_context_at(&rec->names, row->key.context).comm :
					   names_function_at(&rec->names, row->key.function).dso;

	return names_text(&rec->names, name);
}

static uint32_t symbol_width(const struct recording *rec, uint32_t function)
{
	struct function f = names_function_at(&rec->names, function);

	return MARK_WIDTH + printed_width(names_text(&rec->names, f.symbol)) +
	       (f.is_inlined ? (uint32_t)strlen(inlined) : 0);
}

static uint32_t cell_width(const struct recording *rec, const struct ranked *row, enum sort_key key)
{
	char text[16];

	if (key == SORT_SYMBOL)
		return symbol_width(rec, row->key.function);
	if (!is_number(key))
		return printed_width(name_of(rec, row, key));
	number_text(rec, row, key, text, sizeof(text));
	return (uint32_t)strlen(text);
}

/* ---- widths ---- */

static uint32_t line_width(const struct columns *c, const struct settings *s)
{
	uint32_t n = MARGIN + SHARE_WIDTH + (s->has_children ? SHARE_WIDTH + GAP : 0) +
		     (c->samples_width ? c->samples_width + GAP : 0);

	for (uint32_t i = 0; i < s->n_sort; i++)
		n += GAP + c->width[s->sort[i]];
	return n;
}

static void narrow(struct columns *c, const struct settings *s, uint32_t terminal)
{
	while (line_width(c, s) > terminal) {
		enum sort_key widest = s->sort[0];

		for (uint32_t i = 1; i < s->n_sort; i++)
			if (c->width[s->sort[i]] >= c->width[widest])
				widest = s->sort[i];
		if (c->width[widest] <= MIN_NAME_WIDTH)
			return;
		c->width[widest]--;
	}
}

static uint32_t samples_width(const struct ranking *k)
{
	uint32_t width = sizeof(samples_title) - 1;
	char text[24];

	for (uint32_t i = 0; i < k->n; i++) {
		int n = snprintf(text, sizeof(text), "%" PRIu64, k->rows[i].weight.self.samples);

		width = (uint32_t)n > width ? (uint32_t)n : width;
	}
	return width;
}

void columns_measure(struct columns *c, const struct recording *rec, const struct ranking *k,
		     uint32_t terminal)
{
	const struct settings *s = rec->settings;

	*c = (struct columns){ .is_cut = terminal > 0 };
	if (s->has_counts)
		c->samples_width = samples_width(k);
	for (uint32_t i = 0; i < s->n_sort; i++) {
		uint32_t *width = &c->width[s->sort[i]];

		*width = (uint32_t)strlen(titles[s->sort[i]]);
		for (uint32_t n = 0; n < k->n; n++) {
			uint32_t cell = cell_width(rec, &k->rows[n], s->sort[i]);

			*width = cell > *width ? cell : *width;
		}
	}
	if (terminal)
		narrow(c, s, terminal);
}

/* ---- lines ---- */

static void put_times(FILE *out, char what, uint32_t n)
{
	while (n-- > 0)
		fputc(what, out);
}

static void put_dots(FILE *out, uint32_t n, bool is_first)
{
	put_times(out, ' ', is_first ? 0 : GAP);
	put_times(out, '.', n);
}

static void put_rule(const struct columns *c, const struct settings *s, FILE *out)
{
	fputs("# ", out);
	put_dots(out, SHARE_WIDTH, true);
	if (s->has_children)
		put_dots(out, SHARE_WIDTH, false);
	if (c->samples_width)
		put_dots(out, c->samples_width, false);
	for (uint32_t i = 0; i < s->n_sort; i++)
		put_dots(out, c->width[s->sort[i]], false);
	fputs("\n#\n", out);
}

void columns_put_head(const struct columns *c, const struct recording *rec, FILE *out)
{
	const struct settings *s = rec->settings;

	fprintf(out, "# %s", s->has_children ? "Children      Self" : "Overhead");
	if (c->samples_width)
		fprintf(out, "%*s%*s", GAP, "", (int)c->samples_width, samples_title);
	for (uint32_t i = 0; i < s->n_sort; i++) {
		const char *title = titles[s->sort[i]];
		uint32_t width = i + 1 < s->n_sort ? c->width[s->sort[i]] : 0;

		fprintf(out, "%*s%-*s", GAP, "", (int)width, title);
	}
	fputc('\n', out);
	put_rule(c, s, out);
}

void columns_put_symbol(const struct recording *rec, uint32_t function, uint32_t room, FILE *out)
{
	struct function f = names_function_at(&rec->names, function);
	uint32_t tail = f.is_inlined ? (uint32_t)strlen(inlined) : 0;

	fputs(f.is_kernel ? "[k] " : "[.] ", out);
	printed_put(out, names_text(&rec->names, f.symbol),
		    room > MARK_WIDTH + tail ? room - MARK_WIDTH - tail : room ? 1 : 0);
	fputs(f.is_inlined ? inlined : "", out);
}

static void put_cell(const struct columns *c, const struct recording *rec, const struct ranked *row,
		     enum sort_key key, FILE *out)
{
	uint32_t room = c->is_cut ? c->width[key] : 0;
	char text[16];

	if (key == SORT_SYMBOL) {
		columns_put_symbol(rec, row->key.function, room, out);
	} else if (is_number(key)) {
		number_text(rec, row, key, text, sizeof(text));
		fprintf(out, "%*s", (int)c->width[key], text);
	} else {
		printed_put(out, name_of(rec, row, key), room);
	}
}

void columns_put_row(const struct columns *c, const struct recording *rec, const struct event *e,
		     const struct ranked *row, FILE *out)
{
	const struct settings *s = rec->settings;

	fprintf(out, "%*s", MARGIN, "");
	if (s->has_children)
		fprintf(out, "%*.2f%%%*s", SHARE_WIDTH - 1, 100 * event_share(e, row->weight.total), GAP, "");
	fprintf(out, "%*.2f%%", SHARE_WIDTH - 1, 100 * event_share(e, row->weight.self));
	if (c->samples_width)
		fprintf(out, "%*s%*" PRIu64, GAP, "", (int)c->samples_width, row->weight.self.samples);
	for (uint32_t i = 0; i < s->n_sort; i++) {
		uint32_t width = c->width[s->sort[i]], used = cell_width(rec, row, s->sort[i]);

		fprintf(out, "%*s", GAP, "");
		put_cell(c, rec, row, s->sort[i], out);
		if (i + 1 < s->n_sort && !is_number(s->sort[i]) && used < width)
			put_times(out, ' ', width - used);
	}
	fputc('\n', out);
}
