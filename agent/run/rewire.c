/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The routes of a graph that is to be, beside those of the graph that is. What matters is that each
 * consumer counts exactly the inputs whose end of stream will come: one too many and it never
 * completes its output, one too few and it does so too early.
 */
#include <errno.h>

#include "run/transition_internal.h"
#include "util/sys.h"

/*
 * A route that no emitter ever had was counted by its consumer all the same, which must not wait
 * for it.
 */
void rewire_forget(struct step *s)
{
	for (size_t i = 0; i < s->n_routes; i++) {
		if (!route_is_attached(s->routes[i]))
			route_end(s->routes[i]);
		route_unref(s->routes[i]);
	}
	free(s->routes);
	s->routes = NULL;
	s->n_routes = 0;
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

/* A route between two that stay is kept with what is in it, if it is as it has to be. */
static int add_edge(struct transition *t, const struct wiring_edge *e, unsigned int *n_new)
{
	struct step *from = &t->steps[e->from], *to = &t->steps[e->to];
	struct emitter *emitter = instance_emitter(step_member(from)->instance);
	struct queue *inbox = instance_inbox(step_member(to)->instance);
	const struct route_options options = {
		.from = from->want->name,
		.to = to->want->name,
		.schemas = e->schemas,
		.limit_bytes = to->want->config->queue_bytes,
		.is_lossless = e->is_lossless,
		.on_room = instance_on_room,
		.ctx = step_member(from)->instance,
	};
	struct route *route = emitter_find_route(emitter, inbox, &options);
	int r;

	if (route)
		return append_route(from, route);
	if (!to->new && member_has_ended(step_member(from)))
		return 0; /* nothing will come this way any more */
	r = route_new(inbox, &options, &route);
	if (r == 0)
		r = append_route(from, route);
	*n_new += r == 0;
	return r;
}

/* Of routes that were not counted yet. */
static void disconnect(struct transition *t, const struct queue *inbox)
{
	for (size_t i = 0; i < t->next->n; i++) {
		struct step *s = &t->steps[i];
		size_t n = 0;

		for (size_t k = 0; k < s->n_routes; k++) {
			if (route_target(s->routes[k]) == inbox)
				route_unref(s->routes[k]);
			else
				s->routes[n++] = s->routes[k];
		}
		s->n_routes = n;
	}
}

int rewire_connect(struct transition *t, size_t index)
{
	struct member *to = step_member(&t->steps[index]);
	unsigned int n_new = 0;
	int r = 0;

	for (size_t i = 0; i < t->next->wiring.n_edges && r == 0; i++)
		if (t->next->wiring.edges[i].to == index)
			r = add_edge(t, &t->next->wiring.edges[i], &n_new);
	if (r == 0 && n_new > 0)
		r = instance_inputs_add(to->instance, n_new);
	if (r < 0)
		disconnect(t, instance_inbox(to->instance));
	else
		to->n_inputs += n_new;
	return r;
}

static void hand_over(struct step *s)
{
	size_t n = s->n_routes;

	s->n_routes = 0;
	emitter_swap(instance_emitter(step_member(s)->instance), TAKE_PTR(s->routes), n);
}

void rewire_new(struct transition *t)
{
	for (size_t i = 0; i < t->next->n; i++)
		if (t->steps[i].new)
			hand_over(&t->steps[i]);
}

void rewire_old(struct transition *t)
{
	for (size_t i = 0; i < t->next->n; i++) {
		struct step *s = &t->steps[i];

		if (!step_member(s))
			rewire_forget(s); /* its emitter has failed meanwhile */
		else if (!s->new)
			hand_over(s);
	}
}
