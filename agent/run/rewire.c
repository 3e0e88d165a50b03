/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routes of a graph that is to be, beside those of the graph that is. What matters is that each
 * consumer counts exactly the inputs whose end of stream will come: one too many and it never
 * completes its output, one too few and it does so too early.
 */
#include <errno.h>

#include "run/transition_internal.h"
#include "util/sys.h"

void rewire_forget(struct step *s)
{
	for (size_t i = 0; i < s->n_routes; i++)
		route_unref(s->routes[i]);
	free(s->routes);
	s->routes = NULL;
	s->n_routes = 0;
}

static void count_new_input(struct step *to)
{
	instance_inputs_add(step_member(to)->instance, 1);
	step_member(to)->n_inputs++;
}

static struct step *step_of_inbox(struct transition *t, const struct queue *inbox)
{
	for (size_t i = 0; i < t->next->n; i++)
		if (step_member(&t->steps[i]) &&
		    instance_inbox(step_member(&t->steps[i])->instance) == inbox)
			return &t->steps[i];
	return NULL;
}

static int append_route(struct step *s, struct route *r)
{
	struct route **routes = sys_realloc(s->routes, s->n_routes + 1, sizeof(*routes));

	if (!routes) {
		route_unref(r);
		return -ENOMEM;
	}
	s->routes = routes;
	s->routes[s->n_routes++] = r;
	return 0;
}

static struct route_options edge_options(const struct transition *t, const struct wiring_edge *e)
{
	const struct step *from = &t->steps[e->from], *to = &t->steps[e->to];

	return (struct route_options){
		.from = from->want->name,
		.to = to->want->name,
		.schemas = e->schemas,
		.limit_bytes = to->want->config->queue_bytes,
		.is_lossless = e->is_lossless,
		.on_room = instance_on_room,
		.ctx = step_member(from)->instance,
	};
}

/* The route between two that stay, if it is as it has to be. */
static struct route *find_route(const struct transition *t, const struct wiring_edge *e)
{
	const struct step *from = &t->steps[e->from], *to = &t->steps[e->to];
	struct route_options options = edge_options(t, e);

	return emitter_find_route(instance_emitter(from->old->instance),
				  instance_inbox(to->old->instance), &options);
}

/*
 * A route between two that stay is kept with what is in it. An input is counted when its end of
 * stream is sure to come: for a new emitter now (it is closed when we go back), for one that
 * stays when its table is swapped, except towards a new consumer, which going back stops anyway.
 */
static int make_edge(struct transition *t, const struct wiring_edge *e)
{
	struct step *from = &t->steps[e->from], *to = &t->steps[e->to];
	struct route_options options = edge_options(t, e);
	bool is_new = from->new || to->new;
	struct route *route = is_new ? NULL : find_route(t, e);
	int r = 0;

	if (!route)
		r = route_new(instance_inbox(step_member(to)->instance), &options, &route);
	if (r == 0)
		r = append_route(from, route);
	if (r == 0 && is_new)
		count_new_input(to);
	return r;
}

static void hand_over(struct step *s, struct instance *emitter)
{
	size_t n = s->n_routes;

	s->n_routes = 0;
	emitter_swap(instance_emitter(emitter), TAKE_PTR(s->routes), n);
}

/* New emitters get what was made even if that is not all, so that what was counted ends. */
int rewire_prepare(struct transition *t)
{
	int r = 0;

	for (size_t i = 0; i < t->next->wiring.n_edges && r == 0; i++)
		r = make_edge(t, &t->next->wiring.edges[i]);
	for (size_t i = 0; i < t->next->n; i++)
		if (t->steps[i].new)
			hand_over(&t->steps[i], t->steps[i].new->instance);
	return r;
}

/* Between two that stay, a route that is new counts as an input only now: see make_edge(). */
static void count_rewired(struct transition *t, struct step *from)
{
	for (size_t i = 0; i < from->n_routes; i++) {
		struct step *to = step_of_inbox(t, route_target(from->routes[i]));

		if (to && !to->new &&
		    !emitter_has_route(instance_emitter(from->old->instance), from->routes[i]))
			count_new_input(to);
	}
}

/* Routes of an emitter that has failed meanwhile. Those that a new consumer counts on end here. */
static void end_orphans(struct transition *t, struct step *s)
{
	for (size_t i = 0; i < s->n_routes; i++) {
		const struct step *to = step_of_inbox(t, route_target(s->routes[i]));

		if (to && to->new)
			route_end(s->routes[i]);
	}
	rewire_forget(s);
}

void rewire_commit(struct transition *t)
{
	for (size_t i = 0; i < t->next->n; i++) {
		struct step *s = &t->steps[i];

		if (!step_member(s)) {
			end_orphans(t, s);
		} else if (!s->new) {
			count_rewired(t, s);
			hand_over(s, s->old->instance);
		}
	}
}

bool rewire_is_fed_anew(const struct transition *t, size_t index)
{
	for (size_t i = 0; i < t->next->wiring.n_edges; i++) {
		const struct wiring_edge *e = &t->next->wiring.edges[i];
		const struct step *from = &t->steps[e->from];
		struct route *route;

		if (e->to != index)
			continue;
		if (from->new)
			return true;
		if (member_has_ended(from->old))
			continue;
		route = find_route(t, e);
		if (!route)
			return true;
		route_unref(route);
	}
	return false;
}
