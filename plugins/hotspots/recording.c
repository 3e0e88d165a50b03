/* SPDX-License-Identifier: Apache-2.0 */
/* Batches come in any order of events; each goes to the event of its own. */
#include "recording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/profile.h>

#include "tally.h"

static void event_done(struct event *e)
{
	free(e->name);
	free(e->sample_unit);
	free(e->period_type);
	free(e->period_unit);
	table_done(&e->table);
	call_tree_done(&e->tree);
	causes_done(&e->lost);
	causes_done(&e->unnamed);
}

void recording_done(struct recording *r)
{
	for (uint32_t i = 0; i < r->n_events; i++)
		event_done(&r->events[i]);
	free(r->events);
	names_done(&r->names);
	*r = (struct recording){ .n_events = 0 };
}

uint64_t recording_overflowed(const struct recording *r)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < r->n_events; i++)
		n += r->events[i].overflowed;
	return n;
}

static int copy(const struct hearth_flat *f, uint32_t string, char **ret)
{
	*ret = strdup(hearth_flat_string(f, string));
	return *ret ? 0 : -ENOMEM;
}

static int event_begin(struct event *e, const struct hearth_flat *f,
		       const struct hearth_profile_info *info)
{
	*e = (struct event){ .period = info->period };
	if (copy(f, info->event, &e->name) < 0 || copy(f, info->sample_unit, &e->sample_unit) < 0 ||
	    copy(f, info->period_type, &e->period_type) < 0 ||
	    copy(f, info->period_unit, &e->period_unit) < 0) {
		event_done(e);
		return -ENOMEM;
	}
	return 0;
}

static int event_find(struct recording *r, const struct hearth_flat *f,
		      const struct hearth_profile_info *info, struct event **ret)
{
	const char *name = hearth_flat_string(f, info->event);
	const char *unit = hearth_flat_string(f, info->sample_unit);
	struct event *more;

	for (uint32_t i = 0; i < r->n_events; i++) {
		*ret = &r->events[i];
		if (strcmp((*ret)->name, name) == 0 && strcmp((*ret)->sample_unit, unit) == 0)
			return 0;
	}
	if (r->n_events == MAX_EVENTS)
		return -ENOSPC;
	more = reallocarray(r->events, r->n_events + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	r->events = more;
	*ret = &more[r->n_events];
	if (event_begin(*ret, f, info) < 0)
		return -ENOMEM;
	r->n_events++;
	return 0;
}

/* The window on the wall's clock, which the next machine that reads this has, too. */
static void take_window(struct event *e, const struct hearth_profile_info *info)
{
	uint64_t to_realtime = info->clock_realtime_ns - info->clock_monotonic_ns;
	uint64_t start = info->window_start_ns + to_realtime, end = info->window_end_ns + to_realtime;

	if (info->clock_realtime_ns == 0 || info->window_end_ns <= info->window_start_ns)
		return;
	if (e->end_ns == 0 || start < e->start_ns)
		e->start_ns = start;
	if (end > e->end_ns)
		e->end_ns = end;
}

static size_t bytes(const struct recording *r)
{
	size_t n = names_bytes(&r->names);

	for (uint32_t i = 0; i < r->n_events; i++)
		n += table_bytes(&r->events[i].table) + call_tree_bytes(&r->events[i].tree);
	return n;
}

int recording_add_batch(struct recording *rec, const struct hearth_batch *b)
{
	const struct settings *s = rec->settings;
	struct hearth_profile_info info;
	struct hearth_flat f;
	struct event *e;
	int r;

	r = hearth_profile_open(&f, b);
	if (r < 0)
		return r;
	info = hearth_profile_info(&f);
	if (!settings_wants(s->events, s->n_events, hearth_flat_string(&f, info.event)))
		return 0;
	r = event_find(rec, &f, &info, &e);
	if (r == -ENOSPC) {
		rec->left_out++;
		return 0;
	}
	if (r < 0)
		return r;
	r = tally_batch(rec, e, &f, bytes(rec) > s->max_memory);
	if (r < 0)
		return r;
	take_window(e, &info);
	causes_add_losses(&e->lost, &f, HEARTH_LOSS_SAMPLES);
	causes_add_losses(&e->unnamed, &f, HEARTH_LOSS_NAMES);
	return 0;
}
