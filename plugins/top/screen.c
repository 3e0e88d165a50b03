/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame of the display is composed in memory and written at once, so that nothing flickers;
 * it is overwritten line by line, never cleared. Names come from other processes: what could
 * steer a terminal is replaced.
 */
#include "screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <hearth/profile.h>

#include "common/frame_name.h"
#include "common/utf8.h"
#include "common/write_all.h"

enum {
	DEFAULT_FUNCTIONS = 20, MAX_ROWS = 512,
	HEAD_ROWS = 3, GAP_ROWS = 2, /* above the functions; between these and the processes */
	MIN_COLUMNS = 40, MAX_COLUMNS = 400, NUMBER_COLUMNS = 18, MODULE_COLUMNS = 24,
};

struct canvas {
	const struct screen *screen;
	FILE *out;
	uint32_t columns;
};

void screen_init(struct screen *s, int fd, uint32_t n_cpus)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	bool is_dumb = !term || strcmp(term, "dumb") == 0;

	*s = (struct screen){ .fd = fd, .n_cpus = n_cpus };
	s->is_terminal = isatty(fd) && !is_dumb;
	s->has_colour = s->is_terminal && !(no_colour && *no_colour);
}

static uint32_t clamp(uint32_t n, uint32_t low, uint32_t high)
{
	return n < low ? low : n > high ? high : n;
}

static void measure(const struct screen *s, uint32_t *rows, uint32_t *columns)
{
	struct winsize w;

	*rows = 0;
	*columns = 100;
	if (!s->is_terminal || ioctl(s->fd, TIOCGWINSZ, &w) < 0 || !w.ws_row || !w.ws_col)
		return;
	*rows = w.ws_row;
	*columns = clamp(w.ws_col, MIN_COLUMNS, MAX_COLUMNS);
}

/* ---- text ---- */

/* At most `width` characters of text, the last one tells of a cut; answers how many. */
static uint32_t put_text(struct canvas *c, const char *text, uint32_t width)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t left = strlen(text);
	uint32_t used = 0;

	while (left && used < width) {
		size_t n = utf8_sequence(s, left), step = n ? n : 1;

		if (used + 1 == width && left > step)
			fputs("…", c->out);
		else if (n == 0 || utf8_is_control(s, n))
			fputc('?', c->out);
		else
			fwrite(s, 1, n, c->out);
		s += step;
		left -= step;
		used++;
	}
	return used;
}

static void put_column(struct canvas *c, const char *text, uint32_t width)
{
	uint32_t used = put_text(c, text, width);

	fprintf(c->out, "%*s", (int)(width - used), "");
}

static void begin_colour(struct canvas *c, const char *code)
{
	if (c->screen->has_colour && *code)
		fprintf(c->out, "\033[%sm", code);
}

static void end_colour(struct canvas *c, const char *code)
{
	if (c->screen->has_colour && *code)
		fputs("\033[0m", c->out);
}

/* What stood there before is wiped out to the end of the line. */
static void end_line(struct canvas *c)
{
	fputs(c->screen->is_terminal ? "\033[K\n" : "\n", c->out);
}

static void put_share(struct canvas *c, uint64_t value, uint64_t all)
{
	fprintf(c->out, "%6.1f %%", all ? 100.0 * (double)value / (double)all : 0.0);
}

/* ---- parts ---- */

static void put_head(struct canvas *c, const struct tally *t, enum tally_order order)
{
	double seconds = (double)t->length_ns / 1e9;
	char text[256];
	int n;

	n = snprintf(text, sizeof(text), "last %.1f s  %llu samples", seconds,
		     (unsigned long long)t->n_samples);
	if (t->cpu_ns && seconds > 0 && c->screen->n_cpus)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "  %.2f of %u CPUs busy",
			      (double)t->cpu_ns / (double)t->length_ns, c->screen->n_cpus);
	if (t->lost)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "  %llu lost",
			      (unsigned long long)t->lost);
	if (c->screen->is_terminal)
		snprintf(text + n, sizeof(text) - (size_t)n, "  q ends it, s sorts by %s",
			 order == TALLY_BY_SELF ? "total" : "self");
	(void)put_text(c, text, c->columns);
	end_line(c);
	end_line(c);
}

static const char *colour_of(uint32_t frame_kind)
{
	switch (frame_kind) {
	case HEARTH_FRAME_KERNEL:
		return "33";
	case HEARTH_FRAME_JIT:
		return "32";
	case HEARTH_FRAME_INTERPRETED:
		return "34";
	case HEARTH_FRAME_UNKNOWN:
		return "90";
	}
	return "";
}

static void put_function(struct canvas *c, const struct tally_function *f, uint64_t all)
{
	uint32_t room = c->columns - NUMBER_COLUMNS;
	uint32_t module_width = room > 3 * MODULE_COLUMNS ? MODULE_COLUMNS : room / 3;
	const char *colour = colour_of(f->frame_kind);
	char module[256];

	module_base_name(f->module, module, sizeof(module));
	put_share(c, f->weight.self, all);
	put_share(c, f->weight.total, all);
	fputs("  ", c->out);
	begin_colour(c, colour);
	if (*module)
		put_column(c, f->name, room - module_width - 2);
	else
		(void)put_text(c, f->name, room);
	end_colour(c, colour);
	fputs(*module ? "  " : "", c->out);
	(void)put_text(c, module, module_width);
	end_line(c);
}

static int put_functions(struct canvas *c, const struct tally *t, enum tally_order order, uint32_t n)
{
	struct tally_function rows[MAX_ROWS];
	int r = tally_rank_functions(t, order, rows, &n);

	if (r < 0)
		return r;
	fputs("    self   total  function", c->out);
	end_line(c);
	for (uint32_t i = 0; i < n; i++)
		put_function(c, &rows[i], t->value);
	return 0;
}

static int put_processes(struct canvas *c, const struct tally *t, uint32_t n)
{
	struct tally_process rows[MAX_ROWS];
	int r = tally_rank_processes(t, rows, &n);

	if (r < 0)
		return r;
	end_line(c);
	fputs("   share       pid  process", c->out);
	end_line(c);
	for (uint32_t i = 0; i < n; i++) {
		put_share(c, rows[i].value, t->value);
		fprintf(c->out, "%10u  ", rows[i].pid);
		(void)put_text(c, *rows[i].comm ? rows[i].comm : "[unknown]", 16);
		end_line(c);
	}
	return 0;
}

/* A quarter of the rows is for processes. */
static int compose(struct canvas *c, const struct tally *t, enum tally_order order,
		   uint32_t n_functions, uint32_t n_rows)
{
	uint32_t n_processes = 5;
	int r;

	if (n_rows) {
		uint32_t room = clamp(n_rows, 12, MAX_ROWS) - HEAD_ROWS - GAP_ROWS - 1;

		n_processes = clamp(room / 4, 2, 10);
		n_functions = n_functions ? clamp(n_functions, 1, room - n_processes) :
					    room - n_processes;
	}
	if (c->screen->is_terminal)
		fputs("\033[H", c->out);
	else if (c->screen->n_drawn)
		fputc('\n', c->out);
	put_head(c, t, order);
	r = put_functions(c, t, order, clamp(n_functions ? n_functions : DEFAULT_FUNCTIONS, 1, MAX_ROWS));
	if (r == 0)
		r = put_processes(c, t, n_processes);
	if (c->screen->is_terminal)
		fputs("\033[J", c->out);
	return r;
}

int screen_draw(struct screen *s, const struct tally *t, enum tally_order order,
		uint32_t n_functions)
{
	_cleanup_free_ char *text = NULL;
	struct canvas c = { .screen = s };
	uint32_t n_rows;
	size_t len = 0, done;
	int r;

	c.out = open_memstream(&text, &len);
	if (!c.out)
		return -ENOMEM;
	measure(s, &n_rows, &c.columns);
	r = compose(&c, t, order, n_functions, n_rows);
	if (fclose(c.out) != 0 && r == 0)
		r = -ENOMEM;
	if (r == 0)
		r = write_all(s->fd, text, len, &done);
	s->n_drawn++;
	return r;
}
