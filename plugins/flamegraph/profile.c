/* SPDX-License-Identifier: Apache-2.0 */
/* Adds batches to a tree, and keeps the sums honest: whatever is cut or lost is counted here. */
#include "profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/profile.h>

#include "common/frame_labels.h"

/* Samples of one thread with one stack. */
struct group {
	uint32_t thread, stack;
	uint64_t value, n_samples;
};

int profile_new(size_t limit_bytes, struct profile **ret)
{
	_cleanup_(profile_freep) struct profile *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	r = tree_new(limit_bytes, &p->tree);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(p);
	return 0;
}

struct profile *profile_free(struct profile *p)
{
	if (!p)
		return NULL;
	tree_free(p->tree);
	free(p->event);
	free(p->sample_type);
	free(p->sample_unit);
	free(p->period_type);
	free(p->period_unit);
	causes_done(&p->lost);
	causes_done(&p->truncated);
	causes_done(&p->unnamed);
	free(p);
	return NULL;
}

static int take_string(const struct hearth_flat *f, uint32_t index, char **ret)
{
	*ret = strdup(hearth_flat_string(f, index));
	return *ret ? 0 : -ENOMEM;
}

static int begin(struct profile *p, const struct hearth_flat *f,
		 const struct hearth_profile_info *info)
{
	if (p->event)
		return strcmp(p->event, hearth_flat_string(f, info->event)) == 0 &&
		       strcmp(p->sample_unit, hearth_flat_string(f, info->sample_unit)) == 0 ?
		       0 : -EMEDIUMTYPE;
	p->period = info->period;
	p->start_ns = info->window_start_ns;
	p->to_realtime_ns = (int64_t)(info->clock_realtime_ns - info->clock_monotonic_ns);
	if (take_string(f, info->sample_type, &p->sample_type) < 0 ||
	    take_string(f, info->sample_unit, &p->sample_unit) < 0 ||
	    take_string(f, info->period_type, &p->period_type) < 0 ||
	    take_string(f, info->period_unit, &p->period_unit) < 0 ||
	    take_string(f, info->event, &p->event) < 0)
		return -ENOMEM;
	return 0;
}

static int order_groups(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	return (x->stack > y->stack) - (x->stack < y->stack);
}

static uint32_t merge_groups(struct group *g, uint64_t n)
{
	uint32_t kept = 0;

	for (uint64_t i = 0; i < n; i++) {
		if (kept && order_groups(&g[kept - 1], &g[i]) == 0) {
			g[kept - 1].value += g[i].value;
			g[kept - 1].n_samples += g[i].n_samples;
		} else {
			g[kept++] = g[i];
		}
	}
	return kept;
}

static int group_samples(struct profile *p, const struct hearth_flat *f, struct group **ret,
			 uint32_t *ret_n)
{
	uint64_t n = hearth_flat_count(f, HEARTH_PROFILE_SAMPLES);
	struct group *g = calloc(n + 1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	for (uint64_t i = 0; i < n; i++) {
		struct hearth_sample s = hearth_profile_sample(f, i);

		g[i] = (struct group){ s.thread, s.stack, s.value, 1 };
		if (s.cpu < MAX_CPUS)
			p->cpus[s.cpu / 8] |= (uint8_t)(1u << (s.cpu % 8));
	}
	qsort(g, n, sizeof(*g), order_groups);
	*ret_n = merge_groups(g, n);
	*ret = g;
	return 0;
}

static enum label_kind kind_of_label(const struct frame_label *label)
{
	static const enum label_kind kinds[] = {
		[HEARTH_FRAME_UNKNOWN] = LABEL_UNKNOWN,
		[HEARTH_FRAME_KERNEL] = LABEL_KERNEL,
		[HEARTH_FRAME_NATIVE] = LABEL_NATIVE,
		[HEARTH_FRAME_JIT] = LABEL_JIT,
		[HEARTH_FRAME_INTERPRETED] = LABEL_INTERPRETED,
	};

	if (label->is_inlined)
		return LABEL_INLINED;
	return label->kind < ARRAY_SIZE(kinds) ? kinds[label->kind] : LABEL_UNKNOWN;
}

static int intern_label(void *ctx, const struct frame_label *label, uint32_t *ret)
{
	*ret = tree_intern_label(ctx, kind_of_label(label), label->name, label->module);
	return 0;
}

static uint32_t truncated_label(struct profile *p, const char *cause)
{
	char text[256];

	snprintf(text, sizeof(text), "[truncated: %s]", cause);
	return tree_intern_label(p->tree, LABEL_TRUNCATED, text, NULL);
}

/* Root first: the last frame of the stack, and of a frame the physical function first. */
static int walk_stack(struct profile *p, struct frame_labels *names, const struct hearth_stack *stack,
		      uint32_t *node)
{
	for (uint32_t i = stack->count; i-- > 0;) {
		uint32_t frame = hearth_profile_stack_frame(names->flat, stack, i), n;
		const uint32_t *labels;
		int r;

		r = frame_labels_of(names, frame, &labels, &n);
		if (r < 0)
			return r;
		while (n-- > 0)
			*node = tree_intern_child(p->tree, *node, labels[n]);
	}
	return 0;
}

static uint32_t owner_of(struct profile *p, const struct hearth_flat *f,
			 const struct hearth_thread *thread, const struct hearth_process *process)
{
	struct tree_owner who = {
		.start_time = process->start_time,
		.pid = process->pid,
		.tid = thread->tid,
	};

	return tree_intern_owner(p->tree, &who, hearth_flat_string(f, process->comm),
				 hearth_flat_string(f, thread->comm),
				 hearth_flat_string(f, process->container));
}

static uint32_t process_node(struct profile *p, const char *comm)
{
	return tree_intern_child(p->tree, 0, tree_intern_label(p->tree, LABEL_PROCESS,
							       *comm ? comm : "[unknown]", NULL));
}

static int add_group(struct profile *p, struct frame_labels *names, const struct group *g)
{
	const struct hearth_flat *f = names->flat;
	struct hearth_stack stack = hearth_profile_stack(f, g->stack);
	uint64_t n_frames = hearth_flat_count(f, HEARTH_PROFILE_STACK_FRAMES);
	const char *cause = hearth_flat_string(f, stack.truncated);
	struct hearth_thread thread = hearth_profile_thread(f, g->thread);
	struct hearth_process process = hearth_profile_process(f, thread.process);
	uint32_t node = process_node(p, hearth_flat_string(f, process.comm)), owner = 0;
	int r = 0;

	if (stack.count > n_frames || stack.first > n_frames - stack.count)
		return -EBADMSG;
	if (tree_is_full(p->tree)) {
		p->overflowed += g->n_samples;
		cause = "memory limit";
		stack.count = 0;
	} else if (!tree_is_half_full(p->tree)) {
		owner = owner_of(p, f, &thread, &process);
	}
	if (*cause) {
		node = tree_intern_child(p->tree, node, truncated_label(p, cause));
		causes_add(&p->truncated, cause, g->n_samples);
	} else {
		p->whole += g->n_samples;
	}
	r = walk_stack(p, names, &stack, &node);
	if (r < 0 || tree_error(p->tree) < 0)
		return r < 0 ? r : tree_error(p->tree);
	tree_add(p->tree, node, owner, g->value);
	p->n_samples += g->n_samples;
	p->value += g->value;
	return 0;
}

int profile_add_batch(struct profile *p, const struct hearth_batch *b)
{
	_cleanup_free_ struct group *groups = NULL;
	_cleanup_(frame_labels_done) struct frame_labels names = { .flat = NULL };
	struct hearth_profile_info info;
	struct hearth_flat f;
	uint32_t n = 0;
	int r;

	r = hearth_profile_open(&f, b);
	if (r < 0)
		return r;
	info = hearth_profile_info(&f);
	r = begin(p, &f, &info);
	if (r < 0)
		return r;
	r = frame_labels_begin(&names, &f, intern_label, p->tree);
	if (r < 0)
		return r;
	r = group_samples(p, &f, &groups, &n);
	for (uint32_t i = 0; i < n && r >= 0; i++)
		r = add_group(p, &names, &groups[i]);
	if (r < 0)
		return r;
	causes_add_losses(&p->lost, &f, HEARTH_LOSS_SAMPLES);
	causes_add_losses(&p->unnamed, &f, HEARTH_LOSS_NAMES);
	if (info.window_end_ns > p->end_ns)
		p->end_ns = info.window_end_ns;
	if (info.window_start_ns < p->start_ns)
		p->start_ns = info.window_start_ns;
	return 0;
}

uint32_t profile_n_cpus(const struct profile *p)
{
	uint32_t n = 0;

	for (size_t i = 0; i < sizeof(p->cpus); i++)
		n += (uint32_t)__builtin_popcount(p->cpus[i]);
	return n;
}
