/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sink behind `hearth top`. Each window that arrives is drawn together with those before it,
 * as far back as `over` says: long enough for a share to mean something, short enough to follow
 * what happens.
 */
#include "top.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <hearth/profile.h>

#include "common/say.h"
#include "keys.h"
#include "screen.h"

enum { MAX_WINDOWS = 256 };

static const struct hearth_option options[] = {
	{ .name = "over", .type = HEARTH_DURATION, .def = "10s", .min = 100000000,
	  .max = 3600000000000, .help = "how far back the shares reach" },
	{ .name = "first", .type = HEARTH_DURATION, .def = "1s", .min = 1000000,
	  .max = 3600000000000, .help = "how much is sampled before anything is drawn" },
	{ .name = "sort", .type = HEARTH_CHOICE, .def = "self", .choices = "self|total",
	  .help = "which share orders the functions" },
	{ .name = "rows", .type = HEARTH_INT, .def = "0", .min = 0, .max = 500,
	  .help = "functions to show; 0: as many as fit" },
	{ .name = "iterations", .type = HEARTH_INT, .def = "0", .min = 0, .max = INT32_MAX,
	  .help = "draw so often, then end the process; 0: until it is ended" },
};

struct top {
	const struct hearth_host *host;
	struct tally *windows[MAX_WINDOWS]; /* oldest first */
	size_t n_windows;
	uint64_t over_ns, first_ns, seen_ns;
	enum tally_order order;
	uint32_t n_functions, n_iterations;
	struct screen screen;
	struct keys keys;
	bool is_over;
};

static int32_t top_create(const struct hearth_host *h, void **ret)
{
	struct top *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->host = h;
	t->over_ns = (uint64_t)h->option_int(h, "over");
	t->first_ns = (uint64_t)h->option_int(h, "first");
	t->order = strcmp(h->option_string(h, "sort"), "total") == 0 ? TALLY_BY_TOTAL : TALLY_BY_SELF;
	t->n_functions = (uint32_t)h->option_int(h, "rows");
	t->n_iterations = (uint32_t)h->option_int(h, "iterations");
	*ret = t;
	return 0;
}

static int32_t top_start(void *instance)
{
	struct top *t = instance;
	long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);

	screen_init(&t->screen, STDOUT_FILENO, n_cpus > 0 ? (uint32_t)n_cpus : 0);
	if (t->screen.is_terminal && keys_begin(&t->keys, STDIN_FILENO))
		(void)t->host->watch_fd(t->host, STDIN_FILENO, EPOLLIN);
	return 0;
}

/* As Ctrl-C would: the host ends the run, and everything that is to be said is said. */
static void end_process(struct top *t)
{
	t->is_over = true;
	(void)kill(getpid(), SIGINT);
}

static void drop_oldest(struct top *t)
{
	tally_free(t->windows[0]);
	t->n_windows--;
	memmove(t->windows, t->windows + 1, t->n_windows * sizeof(t->windows[0]));
}

/* Keeps what the last over_ns need, the newest window in any case. */
static void forget_old(struct top *t)
{
	uint64_t length = 0;

	for (size_t i = 0; i < t->n_windows; i++)
		length += t->windows[i]->length_ns;
	while (t->n_windows > 1 && (t->n_windows == MAX_WINDOWS ||
				    length - t->windows[0]->length_ns >= t->over_ns)) {
		length -= t->windows[0]->length_ns;
		drop_oldest(t);
	}
}

static int draw(struct top *t)
{
	_cleanup_(tally_freep) struct tally *sum = NULL;
	int r = tally_new(&sum);

	for (size_t i = 0; i < t->n_windows && r == 0; i++)
		r = tally_add(sum, t->windows[i]);
	if (r == 0)
		r = screen_draw(&t->screen, sum, t->order, t->n_functions);
	if (r == -EPIPE)
		end_process(t); /* `hearth top | head` has seen enough */
	else if (r < 0)
		say_fail(t->host, "cannot write to standard output: %s", strerror(-r));
	return r;
}

static int32_t top_consume(void *instance, const struct hearth_batch *b)
{
	_cleanup_(tally_freep) struct tally *window = NULL;
	struct top *t = instance;
	int r = tally_new(&window);

	if (t->is_over)
		return 0;
	if (r == 0)
		r = tally_add_batch(window, b);
	if (r < 0) {
		say(t->host, HEARTH_LOG_ERROR, "a window was left out: %s", strerror(-r));
		return 0;
	}
	t->seen_ns += window->length_ns;
	forget_old(t);
	t->windows[t->n_windows++] = TAKE_PTR(window);
	forget_old(t);
	if (t->seen_ns < t->first_ns)
		return 0;
	r = draw(t);
	if (r == 0 && t->n_iterations && t->screen.n_drawn >= t->n_iterations)
		end_process(t);
	return 0;
}

static void top_on_fd(void *instance, int32_t fd, uint32_t events)
{
	struct top *t = instance;
	char key;

	if (events & (EPOLLHUP | EPOLLERR))
		(void)t->host->watch_fd(t->host, fd, 0); /* the terminal is gone; SIGHUP says the rest */
	while (!t->is_over && (key = keys_next(&t->keys)) != 0) {
		if (key == 'q')
			end_process(t);
		else if (key == 's')
			t->order = t->order == TALLY_BY_SELF ? TALLY_BY_TOTAL : TALLY_BY_SELF;
		if (key == 's' && t->n_windows)
			(void)draw(t);
	}
}

static int32_t top_stop(void *instance, uint64_t deadline_ns)
{
	struct top *t = instance;

	(void)deadline_ns;
	if (t->keys.is_on)
		(void)t->host->watch_fd(t->host, STDIN_FILENO, 0);
	keys_end(&t->keys);
	return 0;
}

static void top_destroy(void *instance)
{
	struct top *t = instance;

	keys_end(&t->keys);
	while (t->n_windows)
		drop_oldest(t);
	free(t);
}

const struct hearth_component top_component = {
	.size = sizeof(top_component),
	.kind = HEARTH_SINK,
	.option_stride = sizeof(struct hearth_option),
	.name = "top",
	.summary = "the hottest functions and processes, live in a terminal",
	.accepts = HEARTH_PROFILE_SCHEMA,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.create = top_create,
	.start = top_start,
	.consume = top_consume,
	.on_fd = top_on_fd,
	.stop = top_stop,
	.destroy = top_destroy,
};
