/* SPDX-License-Identifier: Apache-2.0 */
/* Builders without memory: every allocation fails once, and each time the caller is told. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

static unsigned int allocations_left;

static int is_allowed(void)
{
	return allocations_left == 0 ? 0 : allocations_left-- != 0;
}

static void *failing_malloc(size_t n)
{
	return is_allowed() ? malloc(n) : NULL;
}

static void *failing_calloc(size_t n, size_t size)
{
	return is_allowed() ? calloc(n, size) : NULL;
}

static void *failing_realloc(void *p, size_t n)
{
	return is_allowed() ? realloc(p, n) : NULL;
}

#define malloc failing_malloc
#define calloc failing_calloc
#define realloc failing_realloc
#include <hearth/profile_builder.h>
#undef malloc
#undef calloc
#undef realloc

static int32_t take(const struct hearth_host *h, const struct hearth_emission *e)
{
	(void)h;
	for (uint32_t i = 0; i < e->n_segments; i++)
		e->segments[i].release(e->segments[i].ctx);
	return 0;
}

static const struct hearth_host host = { .size = sizeof(host), .emit = take };

static int32_t build_and_emit(struct hearth_flat_builder *b)
{
	for (uint32_t i = 0; i < 300; i++) {
		struct hearth_frame frame = { .address = i, .kind = HEARTH_FRAME_NATIVE };
		struct hearth_sample sample = { .time_ns = i, .value = 1 };
		uint32_t frames[2];
		char name[16];

		snprintf(name, sizeof(name), "f%u", i);
		frame.cause = hearth_flat_intern_string(b, name);
		frames[0] = hearth_build_frame(b, &frame);
		frames[1] = frames[0];
		sample.stack = hearth_build_stack(b, frames, 2, 0);
		hearth_build_sample(b, &sample);
	}
	return hearth_flat_emit(b, &host, HEARTH_PROFILE_SCHEMA, NULL);
}

TEST(an_allocation_that_fails_is_answered_at_the_end)
{
	unsigned int n = 0;
	int32_t r;

	do {
		struct hearth_flat_builder b;

		hearth_flat_init(&b);
		allocations_left = n++;
		r = build_and_emit(&b);
		if (r < 0)
			assert_int_equal(r, -ENOMEM);
		hearth_flat_done(&b);
	} while (r < 0);
	assert_true(n > 20);
}

TEST(a_builder_recovers_by_reset)
{
	struct hearth_flat_builder b;

	hearth_flat_init(&b);
	allocations_left = 7;
	assert_int_equal(build_and_emit(&b), -ENOMEM);
	hearth_flat_reset(&b);
	allocations_left = 10000;
	assert_int_equal(build_and_emit(&b), 0);
	hearth_flat_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_allocation_that_fails_is_answered_at_the_end),
		cmocka_unit_test(a_builder_recovers_by_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
