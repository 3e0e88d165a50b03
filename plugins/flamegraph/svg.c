/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hundred thousand boxes would be a file that no viewer opens, and nobody could see them: boxes
 * narrower than min_width are left out with all that is below them, then the narrowest of the rest
 * until SVG_MAX_BOXES are left.
 */
#include "svg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "invert.h"
#include "svg_text.h"

enum { MARGIN = 16, TOP = 92, MAX_NAME_CHARS = 512 };

/* The sRGB of the tokens that the page has as OKLCH: pane, ink, dim and ember, light and dark. */
static const char sheet[] =
	"<style>.pane{fill:#fff}.ink{fill:#231e1b}.dim{fill:#68625e}.mark{fill:#d15227}"
	"@media(prefers-color-scheme:dark){.pane{fill:#1f1b18}.ink{fill:#e7e4df}.dim{fill:#a39d98}"
	".mark{fill:#ee7746}}</style>\n";

struct drawing {
	const struct profile *profile;
	const struct style *style;
	const struct tree *tree;
	const struct layout *layout;
	struct outfile *o;
	double width, scale, char_width;
	uint64_t all;
	bool *is_drawn; /* in the order of the layout */
	uint32_t n_drawn, rows;
};

static int order_heaviest(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

/* The weight of the narrowest box to draw; ret_n_equal: of that weight, how many fit. */
static int choose_least(const struct drawing *d, uint64_t *ret_least, uint32_t *ret_n_equal)
{
	const struct layout *l = d->layout;
	_cleanup_free_ uint64_t *wide = calloc(l->n, sizeof(*wide));
	uint32_t n = 0, n_equal = 0;

	if (!wide)
		return -ENOMEM;
	for (uint32_t i = 0; i < l->n; i++)
		if ((double)l->total[i] * d->scale >= d->style->min_width)
			wide[n++] = l->total[i];
	qsort(wide, n, sizeof(*wide), order_heaviest);
	if (n > SVG_MAX_BOXES)
		n = SVG_MAX_BOXES;
	while (n_equal < n && wide[n - 1 - n_equal] == wide[n - 1])
		n_equal++;
	*ret_least = n ? wide[n - 1] : 0;
	*ret_n_equal = n_equal;
	return 0;
}

/* Parents come first and weigh at least what their children do, so what is drawn hangs together. */
static int choose_boxes(struct drawing *d)
{
	const struct layout *l = d->layout;
	uint64_t least;
	uint32_t n_equal;
	int r;

	d->is_drawn = calloc(l->n, sizeof(*d->is_drawn));
	if (!d->is_drawn)
		return -ENOMEM;
	r = choose_least(d, &least, &n_equal);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < l->n; i++) {
		uint64_t total = l->total[l->order[i]];

		if (total < least || (total == least && n_equal == 0))
			continue;
		if (total == least)
			n_equal--;
		d->is_drawn[i] = true;
		d->n_drawn++;
		if (l->depth[i] >= d->rows)
			d->rows = l->depth[i] + 1;
	}
	return 0;
}

static const char *unit_of(const struct drawing *d, uint64_t n)
{
	const char *unit = d->profile->sample_unit;

	if (d->style->count_unit)
		return d->style->count_unit;
	if (unit && *unit && strcmp(unit, "count") != 0)
		return unit;
	return n == 1 ? "sample" : "samples";
}

static void put_title(const struct drawing *d, const struct tree_label *label, uint64_t total)
{
	const char *name = tree_string(d->tree, label->name);
	const char *module = tree_string(d->tree, label->module);

	outfile_text(d->o, "<title>");
	svg_put_name(d->o, *name ? name : "all", MAX_NAME_CHARS);
	outfile_text(d->o, " · ");
	svg_put_count(d->o, total);
	outfile_text(d->o, " ");
	svg_put_name(d->o, unit_of(d, total), MAX_NAME_CHARS);
	outfile_text(d->o, " · ");
	svg_put_percent(d->o, total, d->all);
	if (*module) {
		outfile_text(d->o, " · ");
		svg_put_name(d->o, module, MAX_NAME_CHARS);
	}
	outfile_text(d->o, "</title>");
}

static void put_box(const struct drawing *d, uint32_t node, uint64_t left, uint32_t depth)
{
	const struct tree_label *label = tree_label(d->tree, tree_node(d->tree, node)->label);
	const char *name = tree_string(d->tree, label->name);
	double x = MARGIN + (double)left * d->scale;
	double width = (double)d->layout->total[node] * d->scale;
	uint32_t height = d->style->frame_height, y = TOP + depth * height;
	size_t fits = width > 9 ? (size_t)((width - 9) / d->char_width) : 0;
	char colour[8];

	name = *name ? name : "all";
	palette_hex(d->style->palette, label->kind, name, colour);
	outfile_text(d->o, "<g>");
	put_title(d, label, d->layout->total[node]);
	outfile_format(d->o, "<rect x=\"%.1f\" y=\"%u\" width=\"%.1f\" height=\"%u\" rx=\"%d\" "
		       "fill=\"%s\"/>", x, y, width > 2 ? width - 1 : width, height - 1,
		       width > 6 ? 2 : 0, colour);
	if (fits >= 3) {
		outfile_format(d->o, "<text x=\"%.1f\" y=\"%.1f\">", x + 4, y + height * 0.5 + 3.5);
		svg_put_name(d->o, name, fits);
		outfile_text(d->o, "</text>");
	}
	outfile_text(d->o, "</g>\n");
}

/* Siblings stand side by side from the left edge of their parent on. */
static int put_boxes(const struct drawing *d)
{
	const struct layout *l = d->layout;
	_cleanup_free_ uint64_t *left = calloc(d->rows + (size_t)2, sizeof(*left));

	if (!left)
		return -ENOMEM;
	for (uint32_t i = 0; i < l->n; i++) {
		uint32_t depth = l->depth[i];

		if (!d->is_drawn[i])
			continue;
		left[depth + 1] = left[depth];
		put_box(d, l->order[i], left[depth], depth);
		left[depth] += l->total[l->order[i]];
	}
	return 0;
}

static void put_facts(const struct drawing *d)
{
	const struct profile *p = d->profile;
	uint32_t n_cpus = profile_n_cpus(p);

	outfile_format(d->o, "<text class=\"dim\" x=\"%d\" y=\"48\">", MARGIN);
	svg_put_count(d->o, p->n_samples);
	outfile_format(d->o, " samples · %.1f s", p->end_ns > p->start_ns ?
		       (double)(p->end_ns - p->start_ns) / 1e9 : 0);
	if (n_cpus)
		outfile_format(d->o, " on %u CPU%s", n_cpus, n_cpus > 1 ? "s" : "");
	outfile_text(d->o, " · ");
	svg_put_percent(d->o, p->whole, p->n_samples);
	outfile_text(d->o, " whole stacks · ");
	svg_put_count(d->o, causes_sum(&p->lost));
	outfile_text(d->o, " lost");
	if (d->style->is_inverted)
		outfile_text(d->o, " · inverted: callers are below");
	outfile_text(d->o, "</text>\n");
}

static void put_legend(const struct drawing *d)
{
	static const enum label_kind kinds[] = {
		LABEL_KERNEL, LABEL_NATIVE, LABEL_INLINED, LABEL_JIT, LABEL_INTERPRETED, LABEL_UNKNOWN,
	};
	bool is_used[N_LABEL_KINDS] = { false };
	int x = MARGIN;

	for (uint32_t i = 0; i < tree_n_labels(d->tree); i++)
		is_used[tree_label(d->tree, i)->kind] = true;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *name = label_kind_name(kinds[i]);
		char colour[8];

		if (!is_used[kinds[i]])
			continue;
		palette_legend_hex(d->style->palette, kinds[i], colour);
		outfile_format(d->o, "<rect x=\"%d\" y=\"63\" width=\"12\" height=\"12\" rx=\"3\" "
			       "fill=\"%s\"/><text class=\"dim\" x=\"%d\" y=\"74\">%s</text>\n",
			       x, colour, x + 18, name);
		x += 18 + 16 + (int)strlen(name) * 8;
	}
}

static const char *title_of(const struct style *s)
{
	static const char *const keys[] = { "service.name", "host.name" };

	if (s->title)
		return s->title;
	for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
		for (uint32_t i = 0; i < s->n_labels; i++) {
			struct hearth_label label;

			memcpy(&label, (const char *)s->labels + (size_t)i * s->label_stride,
			       sizeof(label));
			if (strcmp(label.key, keys[k]) == 0)
				return label.value;
		}
	return "Flame graph";
}

static void put_head(const struct drawing *d, uint32_t height)
{
	uint32_t width = (uint32_t)d->width + 2 * MARGIN;

	outfile_format(d->o, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		       "viewBox=\"0 0 %u %u\" font-family=\"Inter,system-ui,sans-serif\" "
		       "font-size=\"13\">\n<title>", width, height, width, height);
	svg_put_name(d->o, title_of(d->style), MAX_NAME_CHARS);
	outfile_text(d->o, "</title>\n");
	outfile_text(d->o, sheet);
	outfile_format(d->o, "<rect class=\"pane\" width=\"%u\" height=\"%u\"/>\n<text x=\"%d\" y=\"27\" "
		       "font-size=\"16\" font-weight=\"600\"><tspan class=\"mark\">hearth</tspan> "
		       "<tspan class=\"ink\">", width, height, MARGIN);
	svg_put_name(d->o, title_of(d->style), (size_t)(d->width / 9));
	outfile_text(d->o, "</tspan></text>\n");
	put_facts(d);
	put_legend(d);
}

static void put_foot(const struct drawing *d, uint32_t y)
{
	uint32_t n_left_out = d->layout->n - d->n_drawn;

	if (!n_left_out)
		return;
	outfile_format(d->o, "<text class=\"dim\" x=\"%d\" y=\"%u\">", MARGIN, y);
	svg_put_count(d->o, n_left_out);
	outfile_text(d->o, n_left_out > 1 ? " narrower boxes are not drawn" :
		     " narrower box is not drawn");
	outfile_text(d->o, "; flamegraph.html and stacks.folded have them</text>\n");
}

static int draw(struct drawing *d)
{
	uint32_t font = d->style->frame_height < 16 ? d->style->frame_height - 4 : 12, bottom;
	int r;

	r = choose_boxes(d);
	if (r < 0)
		return r;
	bottom = TOP + d->rows * d->style->frame_height;
	d->char_width = font * 0.605;
	put_head(d, bottom + 36);
	outfile_format(d->o, "<g font-family=\"ui-monospace,DejaVu Sans Mono,monospace\" font-size=\"%u\" "
		       "fill=\"#1e1a16\">\n", font);
	r = put_boxes(d);
	outfile_text(d->o, "</g>\n");
	put_foot(d, bottom + 22);
	outfile_text(d->o, "</svg>\n");
	return r;
}

int svg_write(const struct profile *p, const struct layout *l, const struct style *style,
	      struct outfile *o)
{
	_cleanup_(tree_freep) struct tree *inverted = NULL;
	_cleanup_(layout_done) struct layout upside = { .n = 0 };
	struct drawing d = { .profile = p, .style = style, .tree = p->tree, .layout = l, .o = o };
	int r;

	if (style->is_inverted) {
		r = tree_invert(p->tree, &inverted);
		if (r >= 0)
			r = layout_new(inverted, &upside);
		if (r < 0)
			return r;
		d.tree = inverted;
		d.layout = &upside;
	}
	d.all = l->total[0];
	d.width = (style->width ? style->width : SVG_DEFAULT_WIDTH) - 2 * MARGIN;
	d.scale = d.all ? d.width / (double)d.all : 0;
	r = draw(&d);
	free(d.is_drawn);
	return r;
}
