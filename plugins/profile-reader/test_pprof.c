/* SPDX-License-Identifier: Apache-2.0 */
/* profile.proto in, samples out: profiles of other writers, and damaged ones. */
#include "test_text.h"

#include "common/profile_proto.h"
#include "common/protobuf.h"

/* A profile being made, its strings in order of appearance, as Go's runtime lays it out. */
struct made {
	struct protobuf p;
	const char *strings[64];
	uint32_t n_strings;
};

static uint64_t string(struct made *m, const char *text)
{
	uint32_t i = 1;

	while (i <= m->n_strings && strcmp(m->strings[i], text) != 0)
		i++;
	if (i > m->n_strings)
		m->strings[m->n_strings = i] = text;
	assert_in_range(i, 1, ARRAY_SIZE(m->strings) - 1);
	return i;
}

static void value_type(struct made *m, uint32_t field, const char *type, const char *unit)
{
	size_t mark = protobuf_open(&m->p, field);

	protobuf_put_varint(&m->p, VALUE_TYPE_TYPE, string(m, type));
	protobuf_put_varint(&m->p, VALUE_TYPE_UNIT, string(m, unit));
	protobuf_close(&m->p, mark);
}

static void numbers(struct made *m, uint32_t field, const int64_t *values, size_t n)
{
	size_t mark = protobuf_open(&m->p, field);

	for (size_t i = 0; i < n; i++)
		protobuf_put_element(&m->p, (uint64_t)values[i]);
	protobuf_close(&m->p, mark);
}

/* ids and values end with 0 and -1. label: "key=text", "key#number", or NULL. */
static void sample(struct made *m, const int64_t *ids, const int64_t *values, size_t n_values, const char *label)
{
	size_t mark = protobuf_open(&m->p, PROFILE_SAMPLE), n = 0;

	while (ids[n])
		n++;
	numbers(m, SAMPLE_LOCATION_ID, ids, n);
	numbers(m, SAMPLE_VALUE, values, n_values);
	if (label) {
		size_t inner = protobuf_open(&m->p, SAMPLE_LABEL), len = strcspn(label, "=#");
		static char keys[8][32];
		char *key = keys[m->n_strings % 8];

		snprintf(key, sizeof(keys[0]), "%.*s", (int)len, label);
		protobuf_put_varint(&m->p, LABEL_KEY, string(m, key));
		if (label[len] == '=')
			protobuf_put_varint(&m->p, LABEL_STR, string(m, label + len + 1));
		else
			protobuf_put_varint(&m->p, LABEL_NUM, strtoull(label + len + 1, NULL, 10));
		protobuf_close(&m->p, inner);
	}
	protobuf_close(&m->p, mark);
}

static void mapping(struct made *m, uint64_t id, uint64_t start, uint64_t limit, uint64_t offset,
		    const char *file, const char *build_id)
{
	size_t mark = protobuf_open(&m->p, PROFILE_MAPPING);

	protobuf_put_varint(&m->p, MAPPING_ID, id);
	protobuf_put_varint(&m->p, MAPPING_MEMORY_START, start);
	protobuf_put_varint(&m->p, MAPPING_MEMORY_LIMIT, limit);
	protobuf_put_varint(&m->p, MAPPING_FILE_OFFSET, offset);
	protobuf_put_varint(&m->p, MAPPING_FILENAME, string(m, file));
	protobuf_put_varint(&m->p, MAPPING_BUILD_ID, string(m, build_id));
	protobuf_close(&m->p, mark);
}

/* functions: ids, innermost first, ended by 0; lines are 10 times the id. */
static void location(struct made *m, uint64_t id, uint64_t in, uint64_t address, const uint64_t *functions)
{
	size_t mark = protobuf_open(&m->p, PROFILE_LOCATION), line;

	protobuf_put_varint(&m->p, LOCATION_ID, id);
	protobuf_put_varint(&m->p, LOCATION_MAPPING_ID, in);
	protobuf_put_varint(&m->p, LOCATION_ADDRESS, address);
	for (; *functions; functions++) {
		line = protobuf_open(&m->p, LOCATION_LINE);
		protobuf_put_varint(&m->p, LINE_FUNCTION_ID, *functions);
		protobuf_put_varint(&m->p, LINE_LINE, *functions * 10);
		protobuf_close(&m->p, line);
	}
	protobuf_close(&m->p, mark);
}

static void function(struct made *m, uint64_t id, const char *name, const char *file)
{
	size_t mark = protobuf_open(&m->p, PROFILE_FUNCTION);

	protobuf_put_varint(&m->p, FUNCTION_ID, id);
	protobuf_put_varint(&m->p, FUNCTION_NAME, string(m, name));
	protobuf_put_varint(&m->p, FUNCTION_SYSTEM_NAME, string(m, name));
	protobuf_put_varint(&m->p, FUNCTION_FILENAME, string(m, file));
	protobuf_close(&m->p, mark);
}

static void finish(struct made *m)
{
	protobuf_close(&m->p, protobuf_open(&m->p, PROFILE_STRING_TABLE));
	for (uint32_t i = 1; i <= m->n_strings; i++) {
		size_t mark = protobuf_open(&m->p, PROFILE_STRING_TABLE);

		protobuf_put_raw(&m->p, m->strings[i], strlen(m->strings[i]));
		protobuf_close(&m->p, mark);
	}
	assert_int_equal(m->p.error, 0);
}

static void make_cpu(struct made *m)
{
	memset(m, 0, sizeof(*m));
	value_type(m, PROFILE_SAMPLE_TYPE, "samples", "count");
	value_type(m, PROFILE_SAMPLE_TYPE, "cpu", "nanoseconds");
	sample(m, (int64_t[]){ 2, 1, 0 }, (int64_t[]){ 3, 30000000 }, 2, NULL);
	sample(m, (int64_t[]){ 1, 0 }, (int64_t[]){ 1, 10000000 }, 2, "goroutine=7");
	mapping(m, 1, 0x400000, 0x600000, 0, "/srv/shop", "abcdef");
	location(m, 1, 1, 0x401000, (uint64_t[]){ 1, 0 });
	location(m, 2, 1, 0x402000, (uint64_t[]){ 3, 2, 0 });
	function(m, 1, "main.main", "main.go");
	function(m, 2, "main.work", "main.go");
	function(m, 3, "main.inlined", "work.go");
	protobuf_put_varint(&m->p, PROFILE_TIME_NANOS, 1790000000000000000);
	protobuf_put_varint(&m->p, PROFILE_DURATION_NANOS, 5000000000);
	value_type(m, PROFILE_PERIOD_TYPE, "cpu", "nanoseconds");
	protobuf_put_varint(&m->p, PROFILE_PERIOD, 10000000);
	finish(m);
}

static const char cpu_samples[] =
	"shop | main.main@main.go:10:0 from 0 /srv/shop#abcdef+0x401000 | 1 10000000\n"
	"shop | main.main@main.go:10:0 from 0 /srv/shop#abcdef+0x401000; "
	"main.inlined@work.go:30:0 from 0<main.work@main.go:20:0 from 0 /srv/shop#abcdef+0x402000 | 3 30000000\n";

static void begin(struct reading *r, struct made *m)
{
	reading_begin(r, m->p.bytes, m->p.len);
	protobuf_done(&m->p);
}

TEST(a_count_and_what_it_stands_for_are_one_event)
{
	struct reading r;
	struct made m;

	make_cpu(&m);
	begin(&r, &m);
	assert_int_equal(reading_all(&r), 0);
	assert_string_equal(r.format->name, "pprof");
	assert_string_equal(reading_text(&r), cpu_samples);
	assert_non_null(hearth_mock_logged(&r.mock, "such as \"goroutine\""));
	reading_done(&r);
	make_cpu(&m);
	begin(&r, &m);
	r.out.is_with_types = true;
	assert_int_equal(reading_all(&r), 0);
	assert_memory_equal(reading_text(&r), "cpu shop | main", 15);
	assert_non_null(strstr(r.out.text, "\ncpu: samples/count cpu/nanoseconds 10000000 | 0 0\n"));
	reading_done(&r);
}

static void make_heap(struct made *m)
{
	memset(m, 0, sizeof(*m));
	value_type(m, PROFILE_SAMPLE_TYPE, "alloc_objects", "count");
	value_type(m, PROFILE_SAMPLE_TYPE, "alloc_space", "bytes");
	value_type(m, PROFILE_SAMPLE_TYPE, "inuse_space", "bytes");
	sample(m, (int64_t[]){ 1, 0 }, (int64_t[]){ 3, 300, 100 }, 3, "bytes#100");
	sample(m, (int64_t[]){ 1, 0 }, (int64_t[]){ 1, 50, 0 }, 3, "pid#42");
	location(m, 1, 0, 0, (uint64_t[]){ 1, 0 });
	function(m, 1, "f", "");
	value_type(m, PROFILE_PERIOD_TYPE, "space", "bytes");
	protobuf_put_varint(&m->p, PROFILE_PERIOD, 524288);
	finish(m);
}

TEST(other_types_are_events_of_their_own)
{
	static const struct {
		const char *event, *text;
	} cases[] = {
		{ NULL, "alloc_objects  42/0 | f@:10:0 from 0 | 1 0\n"
			"alloc_objects  | f@:10:0 from 0 | 3 0\n"
			"alloc_objects: alloc_objects/count / 0 | 0 0\n"
			"alloc_space  42/0 | f@:10:0 from 0 | 50 0\n"
			"alloc_space  | f@:10:0 from 0 | 300 0\n"
			"alloc_space: alloc_space/bytes / 0 | 0 0\n"
			"inuse_space  | f@:10:0 from 0 | 100 0\n"
			"inuse_space: inuse_space/bytes / 0 | 0 0\n" },
		{ "alloc_objects", "alloc_objects  42/0 | f@:10:0 from 0 | 1 0\n"
				   "alloc_objects  | f@:10:0 from 0 | 3 0\n"
				   "alloc_objects: alloc_objects/count / 0 | 0 0\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct reading r;
		struct made m;

		make_heap(&m);
		begin(&r, &m);
		r.out.is_with_types = true;
		r.context.event = cases[i].event;
		assert_int_equal(reading_all(&r), 0);
		if (!cases[i].event) /* what pprof shows by default comes first */
			assert_memory_equal(r.out.text, "inuse_space: ", 13);
		assert_string_equal(reading_text(&r), cases[i].text);
		reading_done(&r);
	}
}

TEST(an_event_that_is_not_there_is_refused_with_those_that_are)
{
	struct reading r;
	struct made m;

	make_heap(&m);
	begin(&r, &m);
	r.context.event = "cycles";
	assert_int_equal(reading_all(&r), -EBADMSG);
	assert_string_equal(r.warnings.failure,
			    "has no event cycles; it has inuse_space, alloc_objects, alloc_space");
	reading_done(&r);
}

TEST(negative_values_are_left_out_and_said)
{
	struct made m = { .n_strings = 0 };
	struct reading r;

	value_type(&m, PROFILE_SAMPLE_TYPE, "samples", "count");
	sample(&m, (int64_t[]){ 1, 0 }, (int64_t[]){ 3 }, 1, NULL);
	sample(&m, (int64_t[]){ 1, 0 }, (int64_t[]){ -2 }, 1, NULL);
	finish(&m);
	begin(&r, &m);
	assert_int_equal(reading_all(&r), 0);
	assert_string_equal(reading_text(&r), " | [?] | 3 0\n");
	assert_non_null(hearth_mock_logged(&r.mock, "1 values are negative, as in a comparison"));
	assert_non_null(hearth_mock_logged(&r.mock, "references to locations, functions or mappings lead nowhere"));
	reading_done(&r);
}

TEST(fields_of_later_versions_are_passed_over)
{
	struct made m = { .n_strings = 0 };
	size_t mark;
	struct reading r;

	value_type(&m, PROFILE_SAMPLE_TYPE, "samples", "count");
	protobuf_put_varint(&m.p, 99, 12345);
	protobuf_put_fixed64(&m.p, 100, 1);
	protobuf_put_bytes(&m.p, 101, "later", 5);
	mark = protobuf_open(&m.p, PROFILE_SAMPLE);
	protobuf_put_bytes(&m.p, 77, "later", 5);
	protobuf_put_varint(&m.p, SAMPLE_LOCATION_ID, 5); /* not packed, as old writers do */
	protobuf_put_varint(&m.p, SAMPLE_LOCATION_ID, 6);
	protobuf_put_varint(&m.p, SAMPLE_VALUE, 9);
	protobuf_close(&m.p, mark);
	location(&m, 6, 0, 0, (uint64_t[]){ 1ull << 40, 0 }); /* ids may be any number */
	location(&m, 5, 0, 0, (uint64_t[]){ 7, 0 });
	function(&m, 1ull << 40, "outer", "");
	function(&m, 7, "inner", "");
	finish(&m);
	begin(&r, &m);
	assert_int_equal(reading_all(&r), 0);
	assert_string_equal(reading_text(&r), " | outer; inner@:70:0 from 0 | 9 0\n");
	assert_int_equal(r.mock.n_lines, 0);
	reading_done(&r);
}

TEST(runtime_addresses_stay_what_they_are_until_the_file_is_found)
{
	struct made m = { .n_strings = 0 };
	struct reading r;

	value_type(&m, PROFILE_SAMPLE_TYPE, "samples", "count");
	sample(&m, (int64_t[]){ 3, 2, 1, 0 }, (int64_t[]){ 1 }, 1, "comm=x");
	mapping(&m, 1, 0x555500000000, 0x555500100000, 0x1000, "/bin/x", "");
	mapping(&m, 2, 0, 0, 0, "/lib/y.so", "0123");
	mapping(&m, 3, 0xffffffff81000000, 0xffffffff82000000, 0, "[kernel.kallsyms]", "");
	location(&m, 1, 1, 0x555500000010, (uint64_t[]){ 0 });
	location(&m, 2, 2, 0x4883, (uint64_t[]){ 0 });
	location(&m, 3, 3, 0xffffffff81000123, (uint64_t[]){ 0 });
	finish(&m);
	begin(&r, &m);
	assert_int_equal(reading_all(&r), 0);
	assert_string_equal(reading_text(&r), "x |  /bin/x!0x555500000010;  /lib/y.so#0123+0x4883; "
			    "[k] [kernel]+0xffffffff81000123 | 1 0\n");
	reading_done(&r);
}

/* Samples that stand whole in the first n bytes. */
static uint64_t samples_in(const struct made *m, size_t n)
{
	struct protobuf_reader r = { m->p.bytes, m->p.bytes + n };
	uint64_t sum = 0, value;
	struct protobuf_field f;

	while (protobuf_next(&r, &f) == 1) {
		struct protobuf_field g;

		while (f.number == PROFILE_SAMPLE && protobuf_next(&f.bytes, &g) == 1)
			if (g.number == SAMPLE_VALUE && protobuf_next_element(&g.bytes, &value) == 1)
				sum += value;
	}
	return sum;
}

static uint64_t samples_read(struct reading *r)
{
	const char *text = reading_text(r);
	uint64_t sum = 0;

	for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		const char *bar = memrchr(line, '|', (size_t)(end - line));

		sum += strtoull(bar + 1, NULL, 10);
	}
	return sum;
}

TEST(every_prefix_gives_the_samples_that_are_in_it)
{
	struct made m;

	make_cpu(&m);
	for (size_t n = 1; n < m.p.len; n++) {
		uint64_t whole = samples_in(&m, n);
		struct reading r;
		int result;

		reading_begin(&r, m.p.bytes, n);
		r.context.event = NULL;
		result = reading_all(&r);
		if (!whole)
			assert_true(result == -ENOTSUP || result == -EBADMSG);
		else
			assert_int_equal(result, 0);
		if (whole && r.n_batches == 1)
			assert_int_equal(samples_read(&r), whole);
		reading_done(&r);
	}
	protobuf_done(&m.p);
}

TEST(a_message_without_samples_is_refused)
{
	struct made m = { .n_strings = 0 };
	struct reading r;

	value_type(&m, PROFILE_SAMPLE_TYPE, "samples", "count");
	finish(&m);
	begin(&r, &m);
	assert_int_equal(reading_all(&r), -EBADMSG);
	assert_string_equal(r.warnings.failure, "holds no sample with a value");
	reading_done(&r);
	m = (struct made){ .n_strings = 0 };
	sample(&m, (int64_t[]){ 1, 0 }, (int64_t[]){ 3 }, 1, NULL);
	finish(&m);
	begin(&r, &m);
	assert_int_equal(reading_all(&r), -EBADMSG);
	assert_non_null(strstr(r.warnings.failure, "does not say what its samples are of"));
	reading_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_and_what_it_stands_for_are_one_event),
		cmocka_unit_test(other_types_are_events_of_their_own),
		cmocka_unit_test(an_event_that_is_not_there_is_refused_with_those_that_are),
		cmocka_unit_test(negative_values_are_left_out_and_said),
		cmocka_unit_test(fields_of_later_versions_are_passed_over),
		cmocka_unit_test(runtime_addresses_stay_what_they_are_until_the_file_is_found),
		cmocka_unit_test(every_prefix_gives_the_samples_that_are_in_it),
		cmocka_unit_test(a_message_without_samples_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
