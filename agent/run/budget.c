/* SPDX-License-Identifier: Apache-2.0 */
/* Halving is quick to obey the budget, × 1.25 is slow to come back: no swinging around it. */
#include "run/budget.h"

void budget_init(struct budget *b, uint64_t limit_millionths)
{
	*b = (struct budget){ .limit_millionths = limit_millionths, .scale = 1000, .share = -1 };
}

static uint32_t next_scale(const struct budget *b)
{
	double limit = (double)b->limit_millionths / 1e6;
	uint32_t raised = b->scale + (b->scale + 3) / 4;

	if (b->limit_millionths == 0)
		return 1000;
	if (b->share > limit)
		return b->scale > 1 ? b->scale / 2 : 1;
	if (b->share < limit * 0.8)
		return raised < 1000 ? raised : 1000;
	return b->scale;
}

bool budget_is_due(const struct budget *b, uint64_t now_ns)
{
	return b->last_ns == 0 || now_ns - b->last_ns >= BUDGET_WINDOW_NS;
}

bool budget_update(struct budget *b, uint64_t now_ns, uint64_t cpu_ns)
{
	uint32_t old = b->scale;

	if (b->last_ns == 0 || cpu_ns < b->last_cpu_ns) { /* a helper was replaced: begin anew */
		b->last_ns = now_ns;
		b->last_cpu_ns = cpu_ns;
		return false;
	}
	if (!budget_is_due(b, now_ns))
		return false;
	b->share = (double)(cpu_ns - b->last_cpu_ns) / (double)(now_ns - b->last_ns);
	b->last_ns = now_ns;
	b->last_cpu_ns = cpu_ns;
	b->scale = next_scale(b);
	return b->scale != old;
}
