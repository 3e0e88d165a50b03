/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include "plugin/wiring.h"
#include "util/buf.h"
#include "util/str.h"

#define PROFILE "hearth.profile/1"
#define METRICS "hearth.metrics/1"
#define ARTIFACT "hearth.artifact/1"
#define RECEIPT "hearth.receipt/1"

enum { MAX_NODES = 8, MAX_INPUTS = 4 };

/* What a component is to the wiring. */
static struct component source = { .c = { .kind = HEARTH_SOURCE, .emits = PROFILE } };
static struct component file_reader = { .c = { .kind = HEARTH_SOURCE, .flags = HEARTH_FINITE,
					  .emits = PROFILE } };
static struct component meter = { .c = { .kind = HEARTH_SOURCE, .emits = METRICS } };
static struct component processor = { .c = { .kind = HEARTH_PROCESSOR, .accepts = PROFILE,
					     .emits = PROFILE } };
static struct component converter = { .c = { .kind = HEARTH_PROCESSOR, .accepts = PROFILE,
					     .emits = METRICS } };
static struct component sink = { .c = { .kind = HEARTH_SINK, .accepts = PROFILE } };
static struct component both = { .c = { .kind = HEARTH_SINK, .accepts = METRICS " " PROFILE } };
static struct component writer = { .c = { .kind = HEARTH_SINK, .accepts = PROFILE,
					  .emits = ARTIFACT } };
static struct component uploader = { .c = { .kind = HEARTH_SINK, .accepts = ARTIFACT,
					    .emits = RECEIPT } };
static struct component controller = { .c = { .kind = HEARTH_CONTROLLER } };

struct graph {
	struct {
		const char *name;
		struct component *component;
		const char *inputs[MAX_INPUTS]; /* "" alone: an empty list; none: inferred */
	} nodes[MAX_NODES];
	const char *expected; /* what wiring_print says, or the messages */
};

/* The graph's text, or its errors; warnings of a good graph follow in brackets. */
static char *outcome(const struct graph *g)
{
	static char *no_inputs[] = { NULL };
	_cleanup_(config_errors_done) struct config_errors errors = {};
	struct wiring_node nodes[MAX_NODES];
	_cleanup_(wiring_done) struct wiring w = {};
	struct buf text = {};
	size_t n = 0;
	int r;

	for (; n < MAX_NODES && g->nodes[n].name; n++)
		nodes[n] = (struct wiring_node){
			.name = g->nodes[n].name,
			.component = g->nodes[n].component,
			.inputs = !g->nodes[n].inputs[0] ? NULL :
				  *g->nodes[n].inputs[0] ? (char *const *)g->nodes[n].inputs : no_inputs,
			.origin = { "hearth.yaml", (uint32_t)n + 1, 3 },
			.inputs_origin = { "hearth.yaml", (uint32_t)n + 1, 9 },
		};
	r = wiring_make(nodes, n, &errors, &w);
	if (r < 0)
		return config_errors_text(&errors, r);
	assert_int_equal(wiring_print(&w, nodes, &text), 0);
	for (size_t i = 0; i < errors.n_warnings; i++)
		buf_printf(&text, "[%s]\n", errors.warnings[i]);
	return buf_take(&text);
}

static void assert_outcomes(const struct graph *graphs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *text = outcome(&graphs[i]);

		assert_string_equal(text, graphs[i].expected);
		free(text);
	}
}

static void processors_make_a_chain(void **state)
{
	static const struct graph graphs[] = {
		{ { { "sampler", &source }, { "flames", &sink } },
		  "sampler  →  flames  live      hearth.profile/1\n" },
		{ { { "sampler", &source }, { "names", &processor }, { "flames", &sink } },
		  "sampler  →  names   live      hearth.profile/1\n"
		  "names    →  flames  live      hearth.profile/1\n" },
		/* The order in the file does not matter. */
		{ { { "flames", &sink }, { "names", &processor }, { "sampler", &source } },
		  "names    →  flames  live      hearth.profile/1\n"
		  "sampler  →  names   live      hearth.profile/1\n" },
		{ { { "a", &source }, { "b", &source }, { "names", &processor }, { "flames", &sink } },
		  "a      →  names   live      hearth.profile/1\n"
		  "b      →  names   live      hearth.profile/1\n"
		  "names  →  flames  live      hearth.profile/1\n" },
		/* Two in an order that was said: sinks read the second. */
		{ { { "sampler", &source }, { "second", &processor, { "first" } },
		    { "first", &processor }, { "flames", &sink } },
		  "first    →  second  live      hearth.profile/1\n"
		  "sampler  →  first   live      hearth.profile/1\n"
		  "second   →  flames  live      hearth.profile/1\n" },
		/* What makes another kind of a profile reads the end of the chain. */
		{ { { "sampler", &source }, { "names", &processor }, { "rates", &converter },
		    { "export", &both } },
		  "sampler  →  names   live      hearth.profile/1\n"
		  "names    →  rates   live      hearth.profile/1\n"
		  "names    →  export  live      hearth.profile/1\n"
		  "rates    →  export  live      hearth.metrics/1\n" },
	};

	(void)state;
	assert_outcomes(graphs, ARRAY_SIZE(graphs));
}

static void kinds_without_a_processor_make_a_star(void **state)
{
	static const struct graph graphs[] = {
		{ { { "sampler", &source }, { "flames", &writer }, { "perf", &writer },
		    { "s3", &uploader }, { "studio", &uploader } },
		  "sampler  →  flames  live      hearth.profile/1\n"
		  "sampler  →  perf    live      hearth.profile/1\n"
		  "flames   →  s3      live      hearth.artifact/1\n"
		  "perf     →  s3      live      hearth.artifact/1\n"
		  "flames   →  studio  live      hearth.artifact/1\n"
		  "perf     →  studio  live      hearth.artifact/1\n" },
		{ { { "sampler", &source }, { "counters", &meter }, { "names", &processor },
		    { "export", &both } },
		  "sampler   →  names   live      hearth.profile/1\n"
		  "counters  →  export  live      hearth.metrics/1\n"
		  "names     →  export  live      hearth.profile/1\n" },
	};

	(void)state;
	assert_outcomes(graphs, ARRAY_SIZE(graphs));
}

static void inputs_are_taken_as_they_are_written(void **state)
{
	static const struct graph graphs[] = {
		{ { { "a", &source }, { "b", &source }, { "flames", &sink, { "b", "a" } } },
		  "a  →  flames  live      hearth.profile/1\n"
		  "b  →  flames  live      hearth.profile/1\n" },
		/* Past the processor, and once though it is named twice. */
		{ { { "sampler", &source }, { "names", &processor },
		    { "raw", &sink, { "sampler", "sampler" } }, { "flames", &sink } },
		  "sampler  →  names   live      hearth.profile/1\n"
		  "sampler  →  raw     live      hearth.profile/1\n"
		  "names    →  flames  live      hearth.profile/1\n" },
		{ { { "a", &source }, { "flames", &sink }, { "idle", &sink, { "" } } },
		  "a  →  flames  live      hearth.profile/1\n"
		  "[hearth.yaml:3:3: plugin \"idle\" reads nothing: its `inputs` are empty]\n" },
		/* Two processors side by side, and each reader says which. */
		{ { { "a", &source }, { "p", &processor, { "a" } }, { "q", &processor, { "a" } },
		    { "x", &sink, { "p" } }, { "y", &sink, { "q" } } },
		  "a  →  p  live      hearth.profile/1\n"
		  "a  →  q  live      hearth.profile/1\n"
		  "p  →  x  live      hearth.profile/1\n"
		  "q  →  y  live      hearth.profile/1\n" },
	};

	(void)state;
	assert_outcomes(graphs, ARRAY_SIZE(graphs));
}

static void graph_that_makes_no_sense_is_refused_with_words(void **state)
{
	static const struct graph graphs[] = {
		{ { { "sampler", &source }, { "p", &processor, { "sampler" } },
		    { "q", &processor, { "sampler" } }, { "flames", &sink }, { "more", &sink } },
		  "hearth.yaml:4:3: plugin \"flames\": more than one processor could feed it "
		  "hearth.profile/1: p, q; say which with `inputs: [NAME]`" },
		{ { { "sampler", &source }, { "flames", &sink, { "samplr" } } },
		  "hearth.yaml:2:9: plugin \"flames\": input \"samplr\" is not an active plugin; did "
		  "you mean \"sampler\"?" },
		{ { { "sampler", &source }, { "flames", &sink, { "nothing-like-it" } } },
		  "hearth.yaml:2:9: plugin \"flames\": input \"nothing-like-it\" is not an active "
		  "plugin" },
		{ { { "counters", &meter }, { "flames", &sink, { "counters" } } },
		  "hearth.yaml:2:9: plugin \"flames\" cannot read \"counters\": it accepts "
		  "hearth.profile/1, and \"counters\" emits hearth.metrics/1" },
		{ { { "sampler", &source }, { "flames", &sink }, { "more", &sink, { "flames" } } },
		  "hearth.yaml:3:9: plugin \"more\" cannot read \"flames\": it accepts "
		  "hearth.profile/1, and \"flames\" emits nothing" },
		{ { { "sampler", &source }, { "remote", &controller, { "sampler" } } },
		  "hearth.yaml:2:9: plugin \"remote\" cannot read \"sampler\": it accepts nothing, and "
		  "\"sampler\" emits hearth.profile/1" },
		{ { { "p", &processor, { "p" } }, { "flames", &sink } },
		  "hearth.yaml:1:9: plugin \"p\" reads its own output in a loop: p → p; break it in "
		  "`inputs`" },
		/* What feeds a loop, or is fed by it, is not in it. */
		{ { { "sampler", &source }, { "p", &processor, { "sampler", "r" } },
		    { "q", &processor, { "p" } }, { "r", &processor, { "q" } },
		    { "flames", &sink, { "r" } } },
		  "hearth.yaml:3:9: plugin \"q\" reads its own output in a loop: q → r → p → q; break "
		  "it in `inputs`" },
		/* All of them at once. */
		{ { { "sampler", &source }, { "x", &sink, { "sample" } }, { "y", &sink, { "ampler" } } },
		  "hearth.yaml:2:9: plugin \"x\": input \"sample\" is not an active plugin; did you "
		  "mean \"sampler\"?\n"
		  "hearth.yaml:3:9: plugin \"y\": input \"ampler\" is not an active plugin; did you "
		  "mean \"sampler\"?" },
	};

	(void)state;
	assert_outcomes(graphs, ARRAY_SIZE(graphs));
}

static void what_is_connected_to_nothing_is_a_warning(void **state)
{
	static const struct graph graphs[] = {
		{ { { "sampler", &source } },
		  "[hearth.yaml:1:3: nothing reads plugin \"sampler\"; add a sink that accepts "
		  "hearth.profile/1]\n" },
		{ { { "flames", &sink } },
		  "[hearth.yaml:1:3: plugin \"flames\" reads nothing: no active plugin emits "
		  "hearth.profile/1]\n" },
		/* Files that nobody uploads and a controller are as they should be. */
		{ { { "sampler", &source }, { "flames", &writer }, { "remote", &controller } },
		  "sampler  →  flames  live      hearth.profile/1\n" },
	};

	(void)state;
	assert_outcomes(graphs, ARRAY_SIZE(graphs));
}

static void lossless_is_what_has_only_finite_sources_upstream(void **state)
{
	static const struct graph graphs[] = {
		{ { { "file", &file_reader }, { "names", &processor }, { "flames", &writer },
		    { "s3", &uploader } },
		  "file    →  names   lossless  hearth.profile/1\n"
		  "names   →  flames  lossless  hearth.profile/1\n"
		  "flames  →  s3      live      hearth.artifact/1\n" },
		{ { { "file", &file_reader }, { "sampler", &source }, { "names", &processor },
		    { "flames", &sink } },
		  "file     →  names   lossless  hearth.profile/1\n"
		  "sampler  →  names   live      hearth.profile/1\n"
		  "names    →  flames  live      hearth.profile/1\n" },
		{ { { "file", &file_reader }, { "sampler", &source }, { "flames", &sink } },
		  "file     →  flames  lossless  hearth.profile/1\n"
		  "sampler  →  flames  live      hearth.profile/1\n" },
	};

	(void)state;
	assert_outcomes(graphs, ARRAY_SIZE(graphs));
}

static size_t place(const struct wiring *w, size_t node)
{
	size_t i = 0;

	while (w->order[i] != node)
		i++;
	return i;
}

static void order_has_every_consumer_before_those_it_reads(void **state)
{
	const struct wiring_node nodes[] = {
		{ .name = "sampler", .component = &source },
		{ .name = "s3", .component = &uploader },
		{ .name = "flames", .component = &writer },
		{ .name = "names", .component = &processor },
		{ .name = "remote", .component = &controller },
	};
	_cleanup_(config_errors_done) struct config_errors errors = {};
	_cleanup_(wiring_done) struct wiring w = {};

	(void)state;
	assert_int_equal(wiring_make(nodes, ARRAY_SIZE(nodes), &errors, &w), 0);
	assert_int_equal(w.n_nodes, ARRAY_SIZE(nodes));
	assert_int_equal(w.n_edges, 3);
	for (size_t e = 0; e < w.n_edges; e++)
		assert_true(place(&w, w.edges[e].to) < place(&w, w.edges[e].from));
}

static void nothing_at_all_is_a_graph(void **state)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	_cleanup_(wiring_done) struct wiring w = {};

	(void)state;
	assert_int_equal(wiring_make(NULL, 0, &errors, &w), 0);
	assert_int_equal(w.n_edges, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processors_make_a_chain),
		cmocka_unit_test(kinds_without_a_processor_make_a_star),
		cmocka_unit_test(inputs_are_taken_as_they_are_written),
		cmocka_unit_test(graph_that_makes_no_sense_is_refused_with_words),
		cmocka_unit_test(what_is_connected_to_nothing_is_a_warning),
		cmocka_unit_test(lossless_is_what_has_only_finite_sources_upstream),
		cmocka_unit_test(order_has_every_consumer_before_those_it_reads),
		cmocka_unit_test(nothing_at_all_is_a_graph),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
