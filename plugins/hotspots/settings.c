/* SPDX-License-Identifier: Apache-2.0 */
/* Names follow `perf report`, whose users this is for; what it spells in two ways is taken in both. */
#include "settings.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/say.h"

/* Of a call graph, in millionths: what perf's -g leaves out unless told otherwise. */
enum { GRAPH_LIMIT = 5000 };

static const char *const key_names[N_SORT_KEYS] = {
	[SORT_COMM] = "comm", [SORT_PID] = "pid", [SORT_TID] = "tid",
	[SORT_CPU] = "cpu", [SORT_DSO] = "dso", [SORT_SYMBOL] = "symbol",
};

const char *sort_key_name(enum sort_key key)
{
	return key_names[key];
}

bool sort_key_parse(const char *text, enum sort_key *ret)
{
	if (strcmp(text, "sym") == 0)
		text = key_names[SORT_SYMBOL];
	for (unsigned int i = 0; i < N_SORT_KEYS; i++) {
		if (strcmp(text, key_names[i]) == 0) {
			*ret = (enum sort_key)i;
			return true;
		}
	}
	return false;
}

static int read_sort(const struct hearth_host *h, struct settings *s)
{
	size_t n;
	const char *const *list = h->option_list(h, "sort", &n);

	for (size_t i = 0; i < n; i++) {
		enum sort_key key;

		if (!sort_key_parse(list[i], &key))
			return say_refuse(h, "sort", "\"%s\" is not one of comm, pid, tid, cpu, dso, symbol",
					  list[i]);
		if (s->has_key[key])
			return say_refuse(h, "sort", "names %s twice", key_names[key]);
		s->has_key[key] = true;
		s->sort[s->n_sort++] = key;
	}
	return n ? 0 : say_refuse(h, "sort", "must name at least one of comm, pid, tid, cpu, dso, symbol");
}

bool settings_wants(const char *const *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return n == 0;
}

/* A call graph is one of functions, and so is a choice of them. */
static int check(const struct hearth_host *h, const struct settings *s)
{
	const char *option = s->has_callers ? "callers" : s->has_callees ? "callees" :
			     s->n_symbols ? "symbols" : NULL;

	if (!option || s->has_key[SORT_SYMBOL])
		return 0;
	return say_refuse(h, option, "needs symbol in sort");
}

int settings_read(const struct hearth_host *h, struct settings *ret)
{
	struct settings s = {
		.has_children = h->option_int(h, "children"),
		.has_inlined = h->option_int(h, "inline"),
		.has_counts = h->option_int(h, "show_nr_samples"),
		.has_callers = h->option_int(h, "callers"),
		.has_callees = h->option_int(h, "callees"),
		.graph_limit = GRAPH_LIMIT,
		.limit = (uint64_t)h->option_int(h, "limit"),
		.max_memory = (uint64_t)h->option_int(h, "max_memory"),
		.title = h->option_string(h, "title"),
	};
	int r;

	if (h->option_is_set(h, "percent_limit"))
		s.graph_limit = s.percent_limit = (uint64_t)h->option_int(h, "percent_limit");
	s.symbols = h->option_list(h, "symbols", &s.n_symbols);
	s.events = h->option_list(h, "events", &s.n_events);
	r = read_sort(h, &s);
	if (r == 0)
		r = check(h, &s);
	if (r == 0)
		*ret = s;
	return r;
}
