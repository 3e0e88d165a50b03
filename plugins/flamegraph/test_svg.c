/* SPDX-License-Identifier: Apache-2.0 */
/* The picture: well-formed whatever names hold, bounded, and of the colours that the page has. */
#include "test_flamegraph.h"

#include "palette.h"
#include "svg.h"

static char *svg_of(struct test_flame *t)
{
	flame_feed(t);
	assert_int_equal(hearth_mock_finish(&t->m), 0);
	return flame_read(t, "flamegraph.svg");
}

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
		n++;
	return n;
}

static void sample_named(struct test_flame *t, const char *comm, const char *name)
{
	uint32_t frame = test_named(&t->p, HEARTH_FRAME_NATIVE, name);

	test_sample(&t->p, comm, &frame, 1, NULL);
}

TEST(a_box_says_name_weight_share_and_module)
{
	_cleanup_free_ char *svg = NULL;
	struct test_flame t;

	flame_begin(&t, NULL);
	sample_named(&t, "gzip", "deflate");
	for (int i = 0; i < 1233; i++)
		sample_named(&t, "gzip", "longest_match");
	svg = svg_of(&t);
	assert_non_null(strstr(svg, "<title>longest_match · 1,233 samples · 99.9 % · /bin/test</title>"));
	assert_non_null(strstr(svg, "<title>gzip · 1,234 samples · 100 %</title>"));
	assert_non_null(strstr(svg, "1,234 samples · 5.0 s on 1 CPU · 100 % whole stacks · 0 lost"));
	flame_end(&t);
}

TEST(names_never_become_markup)
{
	static const char *const settings[] = { "title=<b>&\"\x01", NULL };
	_cleanup_free_ char *svg = NULL;
	struct test_flame t;

	flame_begin(&t, settings);
	sample_named(&t, "<script>", "a<b>&\"c\"\xff\xef\xbf\xbf]]>");
	svg = svg_of(&t);
	assert_non_null(strstr(svg, "<title>&lt;b&gt;&amp;&quot;?</title>"));
	assert_non_null(strstr(svg, "<title>a&lt;b&gt;&amp;&quot;c&quot;??]]&gt; · 1 sample"));
	assert_null(strstr(svg, "<script"));
	assert_null(strstr(svg, "<b>"));
	flame_end(&t);
}

TEST(narrow_boxes_are_left_out_and_counted)
{
	static const char *const settings[] = { "min_width=2", "width=232", NULL };
	_cleanup_free_ char *svg = NULL;
	struct test_flame t;

	flame_begin(&t, settings);
	for (int i = 0; i < 198; i++)
		sample_named(&t, "gzip", "wide");
	sample_named(&t, "gzip", "narrow_one");
	sample_named(&t, "gzip", "narrow_two");
	svg = svg_of(&t);
	assert_non_null(strstr(svg, "width=\"232\""));
	assert_int_equal(count_of(svg, "<g><title>"), 3); /* all, gzip, wide */
	assert_null(strstr(svg, "narrow_one"));
	assert_non_null(strstr(svg, ">2 narrower boxes are not drawn; "));
	flame_end(&t);
}

TEST(boxes_are_bounded_and_the_widest_stay)
{
	static const char *const settings[] = { "min_width=0.1", "width=20000", NULL };
	enum { N = 3 * SVG_MAX_BOXES / 2 };
	_cleanup_free_ char *svg = NULL;
	struct test_flame t;

	flame_begin(&t, settings);
	for (int i = 0; i < N; i++) {
		char name[32];

		snprintf(name, sizeof(name), "function_%d", i);
		for (int k = 0; k < (i < 100 ? 2 : 1); k++)
			sample_named(&t, "gzip", name);
	}
	svg = svg_of(&t);
	assert_int_equal(count_of(svg, "<g><title>"), SVG_MAX_BOXES);
	assert_non_null(strstr(svg, "<title>function_99 "));
	flame_end(&t);
}

TEST(inverted_begins_with_what_ran)
{
	static const char *const settings[] = { "inverted=true", NULL };
	_cleanup_free_ char *svg = NULL;
	struct test_flame t;
	uint32_t frames[2], other[2];
	const char *leaf;

	flame_begin(&t, settings);
	frames[0] = other[0] = test_named(&t.p, HEARTH_FRAME_NATIVE, "memcpy");
	frames[1] = test_named(&t.p, HEARTH_FRAME_NATIVE, "read_all");
	other[1] = test_named(&t.p, HEARTH_FRAME_NATIVE, "write_all");
	test_sample(&t.p, "x", frames, 2, NULL);
	test_sample(&t.p, "x", frames, 2, NULL);
	test_sample(&t.p, "x", other, 2, NULL);
	svg = svg_of(&t);
	leaf = strstr(svg, "<title>memcpy · 3 samples · 100 %");
	assert_non_null(leaf);
	assert_non_null(strstr(leaf, "<title>read_all · 2 samples · 66.7 %"));
	assert_non_null(strstr(leaf, "<title>write_all · 1 sample · 33.3 %"));
	assert_non_null(strstr(svg, "inverted: callers are below"));
	flame_end(&t);
}

TEST(an_empty_recording_is_a_picture_too)
{
	_cleanup_free_ char *svg = NULL;
	struct test_flame t;

	flame_begin(&t, NULL);
	assert_int_equal(hearth_mock_finish(&t.m), 0);
	svg = flame_read(&t, "flamegraph.svg");
	assert_non_null(strstr(svg, ">0 samples · 0.0 s"));
	assert_string_equal(svg + strlen(svg) - strlen("</svg>\n"), "</svg>\n");
	flame_end(&t);
}

TEST(oklch_becomes_the_srgb_of_other_programs)
{
	/* The legend's colours, by the conversion of CSS Color 4 as Chromium does it. */
	static const struct {
		enum label_kind kind;
		const char *hex;
	} cases[] = {
		{ LABEL_KERNEL, "#e8a86f" }, { LABEL_NATIVE, "#f19f94" }, { LABEL_JIT, "#85ca98" },
		{ LABEL_INTERPRETED, "#79c0f1" }, { LABEL_UNKNOWN, "#b7b7b7" },
	};
	const struct palette *p = palette_find("kind");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char hex[8];

		palette_legend_hex(p, cases[i].kind, hex);
		assert_string_equal(hex, cases[i].hex);
	}
	assert_null(palette_find("rainbow"));
}

TEST(a_palette_can_be_chosen)
{
	static const char *const settings[] = { "palette=grey", NULL };
	_cleanup_free_ char *svg = NULL;
	const char *rect;
	struct test_flame t;

	flame_begin(&t, settings);
	sample_named(&t, "gzip", "deflate");
	svg = svg_of(&t);
	rect = strstr(strstr(svg, "<title>deflate"), "fill=\"#");
	assert_memory_equal(rect + 7, rect + 9, 2);
	assert_memory_equal(rect + 7, rect + 11, 2);
	flame_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_box_says_name_weight_share_and_module),
		cmocka_unit_test(names_never_become_markup),
		cmocka_unit_test(narrow_boxes_are_left_out_and_counted),
		cmocka_unit_test(boxes_are_bounded_and_the_widest_stay),
		cmocka_unit_test(inverted_begins_with_what_ran),
		cmocka_unit_test(an_empty_recording_is_a_picture_too),
		cmocka_unit_test(oklch_becomes_the_srgb_of_other_programs),
		cmocka_unit_test(a_palette_can_be_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
