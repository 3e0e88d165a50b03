/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/route/fixture.h"

static struct batch *make(const struct hearth_emission *e)
{
	struct batch *b = NULL;

	assert_int_equal(batch_new(e, "cpu-sampler", "run-1", &b), 0);
	return b;
}

static void batch_says_who_emitted_what(void **state)
{
	struct test_memory m = {};
	const struct hearth_segment s = test_segment(&m, 16);
	struct hearth_emission e = test_emission(&s, 1);
	const struct hearth_batch *p;
	struct batch *b;

	(void)state;
	e.n_items = 7;
	b = make(&e);
	batch_set_sequence(b, 42);
	p = batch_public(b);
	assert_string_equal(p->schema, TEST_SCHEMA);
	assert_string_equal(p->instance, "cpu-sampler");
	assert_string_equal(p->run, "run-1");
	assert_int_equal(p->sequence, 42);
	assert_int_equal(p->n_items, 7);
	assert_int_equal(p->n_segments, 1);
	assert_ptr_equal(p->segments[0].data, m.bytes);
	assert_int_equal(p->segments[0].len, 16);
	assert_ptr_equal(batch_from_public(p), b);
	batch_unref(b);
}

static void segment_is_released_once_when_the_last_holder_lets_go(void **state)
{
	struct test_memory m = {};
	const struct hearth_segment s = test_segment(&m, 16);
	const struct hearth_emission e = test_emission(&s, 1);
	struct batch *b = make(&e);

	(void)state;
	batch_ref(b);
	batch_unref(b);
	assert_int_equal(m.n_released, 0);
	batch_unref(b);
	assert_int_equal(m.n_released, 1);
}

static void segment_without_release_is_copied(void **state)
{
	char bytes[] = "before";
	const struct hearth_segment s = { bytes, sizeof(bytes), NULL, NULL };
	const struct hearth_emission e = test_emission(&s, 1);
	struct batch *b = make(&e);

	(void)state;
	memcpy(bytes, "after!", sizeof(bytes));
	assert_string_equal(batch_public(b)->segments[0].data, "before");
	batch_unref(b);
}

static void segments_are_found_by_the_stride_of_their_plugin(void **state)
{
	struct {
		struct hearth_segment ours;
		uint64_t of_a_newer_minor;
	} longer[2];
	struct test_memory m[2] = {};
	struct hearth_emission e = test_emission(&longer[0].ours, 2);
	struct batch *b;

	(void)state;
	for (int i = 0; i < 2; i++) {
		longer[i].ours = test_segment(&m[i], 10);
		longer[i].of_a_newer_minor = UINT64_MAX;
	}
	e.segment_stride = sizeof(longer[0]);
	b = make(&e);
	assert_ptr_equal(batch_public(b)->segments[1].data, m[1].bytes);
	batch_unref(b);
	assert_int_equal(m[0].n_released, 1);
	assert_int_equal(m[1].n_released, 1);
}

static void parent_lives_as_long_as_what_was_derived_from_it(void **state)
{
	struct test_memory m[2] = {};
	const struct hearth_segment s[2] = { test_segment(&m[0], 8), test_segment(&m[1], 4) };
	struct hearth_emission e = test_emission(&s[0], 1);
	struct batch *parent = make(&e), *child;

	(void)state;
	e = test_emission(&s[1], 1);
	e.parent = batch_public(parent);
	child = make(&e);
	batch_unref(parent);
	assert_int_equal(m[0].n_released, 0);
	assert_int_equal(batch_public(child)->n_segments, 2);
	assert_ptr_equal(batch_public(child)->segments[0].data, m[1].bytes);
	assert_ptr_equal(batch_public(child)->segments[1].data, m[0].bytes);
	assert_int_equal(batch_bytes(child), 4);
	batch_unref(child);
	assert_int_equal(m[0].n_released, 1);
	assert_int_equal(m[1].n_released, 1);
}

static void derived_batch_has_as_many_items_as_its_parent_unless_it_says_so(void **state)
{
	static const struct {
		uint64_t said, expected;
	} cases[] = { { 0, 5 }, { 3, 3 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct batch *parent = test_batch(8, 5), *child;
		struct hearth_emission e = test_emission(NULL, 0);

		e.parent = batch_public(parent);
		e.n_items = cases[i].said;
		child = make(&e);
		assert_int_equal(batch_public(child)->n_items, cases[i].expected);
		batch_unref(parent);
		batch_unref(child);
	}
}

static void malformed_emission_is_refused_and_its_segments_released(void **state)
{
	struct test_memory m = {};
	const struct hearth_segment good = test_segment(&m, 8);
	struct hearth_segment hollow[2] = { good, { NULL, 8, test_release, &m } };
	struct batch *b = NULL;
	struct hearth_emission e = test_emission(&good, 1);

	(void)state;
	e.schema = NULL;
	assert_int_equal(batch_new(&e, "from", "", &b), -EINVAL);
	assert_int_equal(m.n_released, 1);

	e = test_emission(hollow, 2);
	assert_int_equal(batch_new(&e, "from", "", &b), -EINVAL);
	assert_int_equal(m.n_released, 3);

	e = test_emission(&good, 1);
	e.segment_stride = sizeof(good) - 8; /* where the segments are is anybody's guess */
	assert_int_equal(batch_new(&e, "from", "", &b), -EINVAL);

	e = test_emission(NULL, 1);
	assert_int_equal(batch_new(&e, "from", "", &b), -EINVAL);
	assert_int_equal(m.n_released, 3);
	assert_null(b);
}

static void number_of_segments_cannot_wrap_around(void **state)
{
	struct batch *parent = test_batch(8, 1), *b = NULL;
	struct hearth_emission e = test_emission(NULL, 0);

	(void)state;
	e.parent = batch_public(parent);
	e.n_segments = UINT32_MAX;
	assert_int_equal(batch_new(&e, "from", "", &b), -EINVAL);
	assert_null(b);
	batch_unref(parent);
}

/* Copied, empty, taken, copied: every way in which a segment can be half taken. */
static int make_mixed(struct test_memory m[2])
{
	const struct hearth_segment s[] = {
		{ m[0].bytes, 100, NULL, NULL },
		{ NULL, 0, NULL, NULL },
		test_segment(&m[0], 10),
		{ m[1].bytes, 100, NULL, NULL },
		test_segment(&m[1], 10),
	};
	const struct hearth_emission e = test_emission(s, ARRAY_SIZE(s));
	struct batch *b = NULL;
	int r = batch_new(&e, "from", "", &b);

	batch_unref(b);
	return r;
}

static void segments_are_released_once_whichever_allocation_fails(void **state)
{
	int r = -ENOMEM;
	int n = 0;

	(void)state;
	for (; r == -ENOMEM; n++) {
		struct test_memory m[2] = {};
		_cleanup_free_ char *spec = str_format("sys.alloc=ENOMEM@%d", n + 1);

		test_fail(spec);
		r = make_mixed(m);
		assert_int_equal(fail_count("sys.alloc"), r == -ENOMEM);
		assert_int_equal(m[0].n_released, 1);
		assert_int_equal(m[1].n_released, 1);
	}
	(void)fail_configure(NULL);
	assert_int_equal(r, 0);
	assert_int_equal(n, 5); /* the batch, its list, two copies; and once none failed */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batch_says_who_emitted_what),
		cmocka_unit_test(segment_is_released_once_when_the_last_holder_lets_go),
		cmocka_unit_test(segment_without_release_is_copied),
		cmocka_unit_test(segments_are_found_by_the_stride_of_their_plugin),
		cmocka_unit_test(parent_lives_as_long_as_what_was_derived_from_it),
		cmocka_unit_test(derived_batch_has_as_many_items_as_its_parent_unless_it_says_so),
		cmocka_unit_test(malformed_emission_is_refused_and_its_segments_released),
		cmocka_unit_test(number_of_segments_cannot_wrap_around),
		cmocka_unit_test(segments_are_released_once_whichever_allocation_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
