/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command of 50 ms leaves fifty samples, and nothing can be said of fifty samples. Runs of it add
 * up as long as they are runs of the same thing: one that fails is another thing, and the last.
 */
#include "cli/repetition.h"

#include <jansson.h>

#include "util/clock.h"
#include "util/str.h"

void repetition_begin(struct repetition *r, uint64_t now_ns)
{
	r->started_ns = now_ns;
}

void repetition_note(struct repetition *r, uint64_t now_ns, int status)
{
	uint64_t took_ns = now_ns - r->started_ns;

	if (r->n == 0 || took_ns < r->shortest_ns)
		r->shortest_ns = took_ns;
	if (took_ns > r->longest_ns)
		r->longest_ns = took_ns;
	r->total_ns += took_ns;
	r->last_status = status;
	r->n++;
}

bool repetition_goes_on(const struct repetition *r, uint64_t samples)
{
	if (r->last_status != 0 || r->n >= REPETITION_MOST)
		return false;
	return r->n < r->want_runs || samples < r->want_samples;
}

static json_t *statuses_json(const struct repetition *r)
{
	_cleanup_free_ char *last = str_format("%d", r->last_status);
	json_int_t n_good = (json_int_t)r->n - (r->last_status != 0);
	json_t *o = json_object();

	if (n_good > 0)
		json_object_set_new(o, "0", json_integer(n_good));
	if (r->last_status != 0 && last)
		json_object_set_new(o, last, json_integer(1));
	return o;
}

json_t *repetition_json(const struct repetition *r)
{
	const double s = (double)NS_PER_S;

	return json_pack("{s:I, s:o, s:{s:f, s:f, s:f}}", "n", (json_int_t)r->n, "exit_statuses",
			 statuses_json(r), "seconds", "min", (double)r->shortest_ns / s, "mean",
			 r->n ? (double)r->total_ns / (double)r->n / s : 0., "max",
			 (double)r->longest_ns / s);
}
