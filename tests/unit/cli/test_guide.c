/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/util/fixture.h"

#include <jansson.h>

#include "cli/guide.h"
#include "util/cleanup.h"

static json_t *summary_of(const char *text)
{
	json_error_t error;
	json_t *summary = json_loads(text, 0, &error);

	if (!summary)
		fail_msg("%s: %s", text, error.text);
	guide_add(summary);
	return summary;
}

/* "severity: finding; mend" of the line about something, "" if there is none. */
static void line_about(const json_t *summary, const char *about, char *out, size_t size)
{
	json_t *line;
	size_t i;

	*out = 0;
	json_array_foreach(json_object_get(summary, "guide"), i, line) {
		const char *mend = json_string_value(json_object_get(line, "mend"));

		if (strcmp(json_string_value(json_object_get(line, "about")), about) == 0)
			snprintf(out, size, "%s: %s%s%s",
				 json_string_value(json_object_get(line, "severity")),
				 json_string_value(json_object_get(line, "finding")),
				 mend ? "; " : "", mend ? mend : "");
	}
}

struct row {
	const char *summary, *about, *line;
};

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		json_t *summary = summary_of(rows[i].summary);
		char line[512];

		line_about(summary, rows[i].about, line, sizeof(line));
		assert_string_equal(line, rows[i].line);
		json_decref(summary);
	}
}

static void samples_are_enough_or_it_says_how_to_get_more(void **state)
{
	static const struct row rows[] = {
		{ "{\"samples\": {\"delivered\": 0}}", "samples",
		  "bad: no samples: nothing that was to be recorded ran on a CPU meanwhile; record longer, "
		  "or see with top(1) whether it is busy at all" },
		{ "{\"samples\": {\"delivered\": 64}}", "samples",
		  "bad: too few: a share of 50 % is right to ± 12 points only; record longer with -d, or with "
		  "a higher -F" },
		{ "{\"samples\": {\"delivered\": 400}, \"command\": [\"true\"]}", "samples",
		  "costs: too few: a share of 50 % is right to ± 5 points only; run the command again with "
		  "--min-samples 1000, or record with a higher -F" },
		{ "{\"samples\": {\"delivered\": 1000}}", "samples",
		  "good: enough: a share of 50 % is right to ± 3.1 points (95 % confidence)" },
		{ "{\"samples\": {\"delivered\": 4000000000}}", "samples",
		  "good: enough: a share of 50 % is right to ± 0.1 points (95 % confidence)" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void rate_that_was_missed_is_named_with_the_slowest_cpu(void **state)
{
	static const struct row rows[] = {
		{ "{}", "rate", "" },
		{ "{\"rate\": {\"asked_hz\": 997, \"achieved_hz\": 995.6, \"slowest_hz\": 990.0, "
		  "\"slowest_cpu\": 1}}", "rate", "good: 996 Hz of 997 asked, per busy CPU" },
		{ "{\"rate\": {\"asked_hz\": 4999, \"achieved_hz\": 3500.0, \"slowest_hz\": 2000.0, "
		  "\"slowest_cpu\": 3, \"mend\": \"lower it\"}}", "rate",
		  "costs: 3500 Hz of 4999 asked, per busy CPU; 2000 Hz on CPU 3; lower it" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void what_is_missing_is_told_by_cause_with_what_mends_the_worst(void **state)
{
	static const struct row rows[] = {
		{ "{\"samples\": {\"taken\": 0}}", "stacks", "" },
		{ "{\"samples\": {\"taken\": 100, \"lost\": {}}}", "lost", "good: no sample was lost" },
		{ "{\"samples\": {\"taken\": 1000, \"lost\": {\"ring full\": 4}}, "
		  "\"mends\": {\"ring full\": \"make it larger\"}}", "lost",
		  "costs: 0.4 % of the samples: ring full; make it larger" },
		{ "{\"samples\": {\"taken\": 1000, \"lost\": {\"queue full\": 600}}}", "lost",
		  "bad: 60.0 % of the samples: queue full; what reads the samples was too slow for them: "
		  "record with a lower -F" },
		{ "{\"samples\": {\"taken\": 100}, \"stacks\": {\"truncated\": {\"a\": 2, \"b\": 1}}, "
		  "\"mends\": {\"a\": \"not worth it\"}}", "stacks", "good: 3.0 % are cut: a 2.0 %, b 1.0 %" },
		{ "{\"samples\": {\"taken\": 100}, \"stacks\": {\"truncated\": {\"a\": 9, \"b\": 30, "
		  "\"c\": 8, \"d\": 1}}, \"mends\": {\"a\": \"first\", \"b\": \"second\"}}", "stacks",
		  "costs: 48.0 % are cut: b 30.0 %, a 9.0 %, c 8.0 %; second" },
		{ "{\"frames\": {\"unnamed\": {\"a\": 9}}}", "names", "" },
		{ "{\"frames\": {\"unnamed\": {}, \"total\": 70}}", "names", "good: all frames have one" },
		{ "{\"frames\": {\"unnamed\": {\"no symbols\": 7}, \"total\": 70}}", "names",
		  "costs: 10.0 % of the frames have none: no symbols" },
		{ "{\"samples\": {\"taken\": 50}, \"frames\": {\"unnamed\": {\"a\": 41, \"b\": 42}, "
		  "\"unnamed_leaves\": {\"a\": 40}, \"total\": 1000}}", "names",
		  "bad: 80.0 % of the samples ran code that has none: a" },
		{ "{\"samples\": {\"taken\": 50}, \"frames\": {\"unnamed\": {\"a\": 700}, "
		  "\"unnamed_leaves\": {\"a\": 30}, \"total\": 1000}}", "names",
		  "bad: 70.0 % of the frames have none: a" },
	};

	(void)state;
	check(rows, ARRAY_SIZE(rows));
}

static void words_of_plugins_are_used_up(void **state)
{
	json_t *summary = summary_of("{\"mends\": {\"a\": \"b\"}}");

	(void)state;
	assert_null(json_object_get(summary, "mends"));
	assert_true(json_is_array(json_object_get(summary, "guide")));
	json_decref(summary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_enough_or_it_says_how_to_get_more),
		cmocka_unit_test(rate_that_was_missed_is_named_with_the_slowest_cpu),
		cmocka_unit_test(what_is_missing_is_told_by_cause_with_what_mends_the_worst),
		cmocka_unit_test(words_of_plugins_are_used_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
