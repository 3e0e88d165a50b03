/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host does not know what a cause of loss means, but it can say how much it costs; the words
 * about what to do come from the plugin that counted it ("mends.<cause>").
 */
#include "cli/guide.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "util/cleanup.h"
#include "util/str.h"

enum { FEW_SAMPLES = 100, ENOUGH_SAMPLES = 1000, CAUSES_NAMED = 3 };

/* Shares of what is missing: up to the first nobody is misled, from the second on everybody is. */
static const double share_good = 0.05, share_bad = 0.5;
static const double rate_good = 0.95;

struct guide {
	json_t *summary, *lines;
};

static uint64_t number(const json_t *o, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(o, key));

	return n > 0 ? (uint64_t)n : 0;
}

/* Takes finding (NULL: without memory). */
static void add(struct guide *g, const char *about, const char *severity, char *finding,
		const json_t *mend)
{
	_cleanup_free_ char *taken = finding;
	json_t *line = json_pack("{s:s, s:s, s:s, s:O?}", "about", about, "severity", severity,
				 "finding", taken ? taken : "", "mend", mend);

	json_array_append_new(g->lines, line);
}

static void add_text(struct guide *g, const char *about, const char *severity, char *finding,
		     const char *mend)
{
	json_t *text = json_string(mend);

	add(g, about, severity, finding, text);
	json_decref(text);
}

/* ---- samples ---- */

/*
 * Half the 95 % interval of a share of one half, in points: the widest there is. 98 / √n, to the
 * tenth above; counted out, because a square root would be all that the host needs libm for.
 */
static double points_of_chance(uint64_t n)
{
	unsigned int tenths = 1;

	while (tenths < 500 && (uint64_t)tenths * tenths * n < 980 * 980)
		tenths++;
	return tenths / 10.;
}

static const char *more_samples(const struct guide *g)
{
	return json_is_array(json_object_get(g->summary, "command")) ?
		       "run the command again with --min-samples 1000, or record with a higher -F" :
		       "record longer with -d, or with a higher -F";
}

static void add_samples(struct guide *g)
{
	uint64_t n = number(json_object_get(g->summary, "samples"), "delivered");

	if (n == 0)
		add_text(g, "samples", "bad",
			 str_format("no samples: nothing that was to be recorded ran on a CPU meanwhile"),
			 "record longer, or see with top(1) whether it is busy at all");
	else if (n < ENOUGH_SAMPLES)
		add_text(g, "samples", n < FEW_SAMPLES ? "bad" : "costs",
			 str_format("too few: a share of 50 %% is right to ± %.0f points only",
				    points_of_chance(n)), more_samples(g));
	else
		add(g, "samples", "good",
		    str_format("enough: a share of 50 %% is right to ± %.1f points (95 %% confidence)",
			       points_of_chance(n)), NULL);
}

static void add_rate(struct guide *g)
{
	const json_t *rate = json_object_get(g->summary, "rate");
	double asked = json_number_value(json_object_get(rate, "asked_hz"));
	double achieved = json_number_value(json_object_get(rate, "achieved_hz"));
	double slowest = json_number_value(json_object_get(rate, "slowest_hz"));
	int cpu = (int)json_integer_value(json_object_get(rate, "slowest_cpu"));

	if (asked <= 0)
		return;
	if (slowest >= rate_good * asked)
		add(g, "rate", "good", str_format("%.0f Hz of %.0f asked, per busy CPU", achieved, asked),
		    NULL);
	else
		add(g, "rate", "costs", str_format("%.0f Hz of %.0f asked, per busy CPU; %.0f Hz on CPU %d",
						   achieved, asked, slowest, cpu),
		    json_object_get(rate, "mend"));
}

/* ---- what is missing, by cause ---- */

static const char *worst_cause(const json_t *causes, uint64_t below, uint64_t *ret)
{
	const char *cause, *worst = NULL;
	uint64_t most = 0;
	json_t *n;

	json_object_foreach((json_t *)causes, cause, n) {
		uint64_t count = (uint64_t)json_integer_value(n);

		if (count < below && count > most) {
			most = count;
			worst = cause;
		}
	}
	*ret = most;
	return worst;
}

static uint64_t causes_sum(const json_t *causes)
{
	const char *cause;
	uint64_t sum = 0;
	json_t *n;

	json_object_foreach((json_t *)causes, cause, n)
		sum += (uint64_t)json_integer_value(n);
	return sum;
}

/* "no frame pointers 30.1 %, depth limit 127 1.0 %"; of equals one is named. */
static char *causes_text(const json_t *causes, uint64_t of)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	uint64_t count = UINT64_MAX;

	if (!f)
		return NULL;
	for (int i = 0; i < CAUSES_NAMED; i++) {
		const char *cause = worst_cause(causes, count, &count);

		if (!cause)
			break;
		fprintf(f, "%s%s", i ? ", " : "", cause);
		if (json_object_size(causes) > 1)
			fprintf(f, " %.1f %%", 100. * (double)count / (double)of);
	}
	return fclose(f) == 0 ? text : NULL;
}

/* What this process counts itself, no plugin has words for. */
static json_t *mend_of(const struct guide *g, const char *cause)
{
	json_t *mend = json_object_get(json_object_get(g->summary, "mends"), cause);

	if (mend || !str_equal(cause, "queue full"))
		return json_incref(mend);
	return json_string("what reads the samples was too slow for them: record with a lower -F");
}

struct missing {
	const char *about, *none, *some; /* `some` follows a percentage */
	double good;                     /* shares below it mislead nobody */
};

static double share_of(const json_t *causes, uint64_t of)
{
	return of ? (double)causes_sum(causes) / (double)of : 0;
}

static void add_missing(struct guide *g, const struct missing *m, const json_t *causes, uint64_t of)
{
	double share = share_of(causes, of);
	uint64_t most;
	const char *worst = worst_cause(causes, UINT64_MAX, &most);
	_cleanup_free_ char *text = NULL;
	json_t *mend;

	if (of == 0)
		return;
	if (!worst) {
		add(g, m->about, "good", str_format("%s", m->none), NULL);
		return;
	}
	text = causes_text(causes, of);
	mend = share < m->good ? NULL : mend_of(g, worst);
	add(g, m->about, share < m->good ? "good" : share < share_bad ? "costs" : "bad",
	    str_format("%.1f %% %s: %s", 100 * share, m->some, text ? text : worst), mend);
	json_decref(mend);
}

/*
 * A few unnamed frames of deep stacks may still be all that ran: then it is the samples that tell,
 * not the frames.
 */
static void add_names(struct guide *g)
{
	static const struct missing names = { "names", "all frames have one", "of the frames have none",
					      share_good };
	static const struct missing leaves = { "names", "", "of the samples ran code that has none",
					       share_good };
	const json_t *frames = json_object_get(g->summary, "frames");
	const json_t *of_leaves = json_object_get(frames, "unnamed_leaves");
	const json_t *of_frames = json_object_get(frames, "unnamed");
	uint64_t n_frames = number(frames, "total");
	uint64_t n_samples = number(json_object_get(g->summary, "samples"), "taken");

	if (share_of(of_leaves, n_samples) > share_of(of_frames, n_frames))
		add_missing(g, &leaves, of_leaves, n_samples);
	else
		add_missing(g, &names, of_frames, n_frames);
}

static void add_all_missing(struct guide *g)
{
	static const struct missing lost = { "lost", "no sample was lost", "of the samples", 0 };
	static const struct missing stacks = { "stacks", "all of them are whole", "are cut",
					       share_good };
	const json_t *samples = json_object_get(g->summary, "samples");
	uint64_t taken = number(samples, "taken");

	add_missing(g, &lost, json_object_get(samples, "lost"), taken);
	add_missing(g, &stacks, json_object_get(json_object_get(g->summary, "stacks"), "truncated"),
		    taken);
	add_names(g);
}

void guide_add(json_t *summary)
{
	struct guide g = { .summary = summary, .lines = json_array() };

	add_samples(&g);
	add_rate(&g);
	add_all_missing(&g);
	json_object_set_new(summary, "guide", g.lines);
	json_object_del(summary, "mends");
}
