/* SPDX-License-Identifier: Apache-2.0 */
/* The page: its data is the tree, and nothing that a name holds becomes part of the document. */
#include "test_flamegraph.h"

#include <jansson.h>

#define DATA_BEGIN "<script type=\"application/json\" id=\"data\">"

static char *page_of(struct test_flame *t)
{
	assert_int_equal(hearth_mock_finish(&t->m), 0);
	return flame_read(t, "flamegraph.html");
}

static json_t *data_of(const char *page)
{
	const char *begin = strstr(page, DATA_BEGIN), *end;
	json_t *data;

	assert_non_null(begin);
	begin += strlen(DATA_BEGIN);
	end = strstr(begin, "</script>");
	assert_non_null(end);
	data = json_loadb(begin, (size_t)(end - begin), 0, NULL);
	assert_non_null(data);
	return data;
}

static uint64_t vlq(const char **at)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint64_t value = 0, digit;
	unsigned int shift = 0;

	do {
		const char *p = strchr(digits, **at);

		assert_true(**at && p);
		digit = (uint64_t)(p - digits);
		value |= (digit & 31) << shift;
		shift += 5;
		++*at;
	} while (digit & 32);
	return value;
}

static const char *text_of(json_t *data, const char *table, size_t i)
{
	return json_string_value(json_array_get(json_object_get(data, table), i));
}

/* The tree as "name/name/name=self" lines, in the order of the page. */
static void write_nodes(json_t *data, char *out, size_t size)
{
	const char *at = json_string_value(json_object_get(data, "nodes"));
	size_t n = (size_t)json_integer_value(json_object_get(data, "nNodes")), depth = 0, len = 0;
	const char *path[16];

	for (size_t i = 0; i < n; i++) {
		uint64_t head = vlq(&at);

		depth -= head >> 1;
		assert_true(depth < ARRAY_SIZE(path));
		path[depth++] = text_of(data, "names", vlq(&at));
		for (size_t k = 1; k < depth; k++)
			len += (size_t)snprintf(out + len, size - len, "%s%s", k > 1 ? "/" : "", path[k]);
		len += (size_t)snprintf(out + len, size - len, "=%llu\n",
					head & 1 ? (unsigned long long)vlq(&at) : 0);
	}
	assert_int_equal(*at, 0);
}

TEST(the_data_is_the_tree_heaviest_first)
{
	_cleanup_free_ char *page = NULL;
	struct test_flame t;
	uint32_t a, b, c;
	char nodes[512];
	json_t *data;

	flame_begin(&t, NULL);
	a = test_named(&t.p, HEARTH_FRAME_NATIVE, "a");
	b = test_named(&t.p, HEARTH_FRAME_NATIVE, "b");
	c = test_named(&t.p, HEARTH_FRAME_KERNEL, "c");
	for (int i = 0; i < 100; i++)
		test_sample(&t.p, "big", (uint32_t[]){ b, a }, 2, NULL);
	test_sample(&t.p, "big", (uint32_t[]){ c, b, a }, 3, NULL);
	test_sample(&t.p, "big", &a, 1, NULL);
	test_sample(&t.p, "tiny", &c, 1, NULL);
	flame_feed(&t);
	page = page_of(&t);
	data = data_of(page);
	write_nodes(data, nodes, sizeof(nodes));
	assert_string_equal(nodes, "=0\nbig=0\nbig/a=1\nbig/a/b=100\nbig/a/b/c=1\ntiny=0\ntiny/c=1\n");
	assert_int_equal(json_integer_value(json_object_get(data, "samples")), 103);
	json_decref(data);
	flame_end(&t);
}

/* A sample of one frame in a thread. */
static void sample_in(struct test_flame *t, uint32_t pid, uint32_t tid, const char *container,
		      uint32_t frame)
{
	struct hearth_process process = { .pid = pid, .start_time = 7 };
	struct hearth_thread thread = { .tid = tid };
	struct hearth_sample sample = { .value = 1 };

	process.comm = hearth_flat_intern_string(&t->p.b, "cc1");
	process.container = hearth_flat_intern_string(&t->p.b, container);
	thread.comm = hearth_flat_intern_string(&t->p.b, pid == tid ? "cc1" : "worker");
	thread.process = hearth_build_process(&t->p.b, &process);
	sample.thread = hearth_build_thread(&t->p.b, &thread);
	sample.stack = hearth_build_stack(&t->p.b, &frame, 1, 0);
	hearth_build_sample(&t->p.b, &sample);
}

static int64_t owner_number(json_t *data, const char *column, uint64_t i)
{
	return json_integer_value(json_array_get(json_object_get(json_object_get(data, "owners"), column), i));
}

static const char *owner_text(json_t *data, const char *column, uint64_t i)
{
	json_t *text = json_object_get(json_object_get(data, "owners"), "text");

	return json_string_value(json_array_get(text, (size_t)owner_number(data, column, i)));
}

TEST(each_weight_is_parted_among_its_threads)
{
	_cleanup_free_ char *page = NULL;
	const char *parts;
	struct test_flame t;
	uint64_t owner;
	json_t *data;

	flame_begin(&t, NULL);
	for (int i = 0; i < 3; i++) {
		uint32_t frame = test_named(&t.p, HEARTH_FRAME_NATIVE, "parse");

		sample_in(&t, 10, 10, "c0ffee", frame);
		sample_in(&t, 10, 10, "c0ffee", frame);
		sample_in(&t, 10, 11, "c0ffee", frame);
		flame_feed(&t);
	}
	page = page_of(&t);
	data = data_of(page);
	parts = json_string_value(json_object_get(data, "parts"));
	assert_int_equal(vlq(&parts), 2);
	owner = vlq(&parts);
	assert_int_equal(vlq(&parts), 6);
	assert_int_equal(owner_number(data, "pid", owner), 10);
	assert_int_equal(owner_number(data, "tid", owner), 10);
	assert_int_equal(owner_number(data, "start", owner), 7);
	assert_string_equal(owner_text(data, "container", owner), "c0ffee");
	owner = vlq(&parts);
	assert_int_equal(owner_number(data, "tid", owner), 11);
	assert_string_equal(owner_text(data, "thread", owner), "worker");
	assert_string_equal(owner_text(data, "comm", owner), "cc1");
	assert_int_equal(*parts, 0); /* the rest is the last one's */
	json_decref(data);
	flame_end(&t);
}

TEST(threads_beyond_half_the_memory_are_not_known_and_cut_no_stack)
{
	static const char *const settings[] = { "max_memory=1MiB", NULL };
	_cleanup_free_ char *page = NULL, *folded = NULL;
	enum { N = 40000 };
	uint64_t n_parts, owner, last;
	const char *parts;
	struct test_flame t;
	json_t *data;

	flame_begin(&t, settings);
	for (uint32_t i = 1; i <= N; i++) {
		sample_in(&t, i, i, NULL, test_named(&t.p, HEARTH_FRAME_NATIVE, "parse"));
		if (i % 1000 == 0)
			flame_feed(&t);
	}
	page = page_of(&t);
	folded = flame_read(&t, "stacks.folded");
	assert_string_equal(folded, "cc1;parse 40000\n");
	data = data_of(page);
	parts = json_string_value(json_object_get(data, "parts"));
	n_parts = vlq(&parts);
	assert_in_range(n_parts, 1000, N / 2);
	for (uint64_t i = 1; i < n_parts; i++) {
		owner = vlq(&parts);
		assert_int_not_equal(owner, 0);
		assert_int_equal(vlq(&parts), 1);
	}
	last = vlq(&parts);
	assert_int_equal(last, 0);
	json_decref(data);
	flame_end(&t);
}

TEST(labels_carry_kind_and_module)
{
	_cleanup_free_ char *page = NULL;
	struct test_flame t;
	uint32_t frame;
	json_t *data;
	size_t i, module, kind;

	flame_begin(&t, NULL);
	frame = test_named(&t.p, HEARTH_FRAME_INTERPRETED, "orm.py:fetch");
	test_sample(&t.p, "python3", &frame, 1, NULL);
	flame_feed(&t);
	page = page_of(&t);
	data = data_of(page);
	for (i = 0; strcmp(text_of(data, "names", i), "orm.py:fetch") != 0; i++)
		;
	module = (size_t)json_integer_value(json_array_get(json_object_get(data, "module"), i));
	kind = (size_t)json_integer_value(json_array_get(json_object_get(data, "kind"), i));
	assert_string_equal(text_of(data, "modules", module), "/bin/test");
	assert_string_equal(text_of(data, "kindNames", kind), "interpreted");
	json_decref(data);
	flame_end(&t);
}

TEST(no_name_becomes_markup)
{
	static const char *const settings[] = { "title=</title><script>alert(1)</script>", NULL };
	static const char evil[] = "</script><script>alert(1)</script><!--\xe2\x80\xa8";
	struct hearth_label label = { "host.name", "<img src=x onerror=alert(1)>" };
	_cleanup_free_ char *page = NULL, *plain = NULL;
	struct test_flame t, empty;
	uint32_t frame;
	json_t *data;
	size_t n = 0;

	flame_begin(&empty, NULL);
	plain = page_of(&empty);
	for (const char *p = strchr(plain, '<'); p; p = strchr(p + 1, '<'))
		n++;
	flame_end(&empty);

	flame_begin(&t, settings);
	t.m.host.labels = &label;
	t.m.host.n_labels = 1;
	frame = test_named(&t.p, HEARTH_FRAME_NATIVE, evil);
	test_sample(&t.p, "<b>", &frame, 1, "<i>");
	flame_feed(&t);
	page = page_of(&t);
	for (const char *p = strchr(page, '<'); p; p = strchr(p + 1, '<'))
		n--;
	assert_int_equal(n, 0); /* as many '<' as the page of an empty recording */
	data = data_of(page);
	assert_string_equal(json_string_value(json_object_get(data, "title")), settings[0] + 6);
	assert_string_equal(json_string_value(json_object_get(json_object_get(data, "labels"), "host.name")),
			    label.value);
	json_decref(data);
	flame_end(&t);
}

TEST(the_page_asks_for_nothing_and_runs_only_its_own_script)
{
	static const char *const foreign[] = { "http:", "https:", "@import", "url(", "fetch(", "innerHTML",
					       "'unsafe-inline'", "{style}", "{script}", "-hash}", "{data}" };
	_cleanup_free_ char *page = NULL;
	struct test_flame t;

	flame_begin(&t, NULL);
	page = page_of(&t);
	assert_non_null(strstr(page, "default-src 'none'; style-src 'sha256-"));
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		assert_null(strstr(page, foreign[i]));
	assert_string_equal(page + strlen(page) - strlen("</html>\n"), "</html>\n");
	flame_end(&t);
}

TEST(losses_and_cuts_are_there_by_cause)
{
	_cleanup_free_ char *page = NULL;
	struct test_flame t;
	json_t *data;

	flame_begin(&t, NULL);
	test_sample(&t.p, "x", NULL, 0, "no frame pointers");
	test_sample(&t.p, "x", NULL, 0, NULL);
	hearth_build_loss(&t.p.b, HEARTH_LOSS_SAMPLES, "ring full", 4);
	hearth_build_loss(&t.p.b, HEARTH_LOSS_NAMES, "file is gone", 9);
	flame_feed(&t);
	page = page_of(&t);
	data = data_of(page);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(data, "lost"), "ring full")), 4);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(data, "unnamed"),
							    "file is gone")), 9);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(data, "truncated"),
							    "no frame pointers")), 1);
	assert_int_equal(json_integer_value(json_object_get(data, "whole")), 1);
	assert_int_equal(json_integer_value(json_object_get(data, "cpus")), 1);
	assert_int_equal(json_integer_value(json_object_get(data, "durationMs")), 5000);
	json_decref(data);
	flame_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_data_is_the_tree_heaviest_first),
		cmocka_unit_test(each_weight_is_parted_among_its_threads),
		cmocka_unit_test(threads_beyond_half_the_memory_are_not_known_and_cut_no_stack),
		cmocka_unit_test(labels_carry_kind_and_module),
		cmocka_unit_test(no_name_becomes_markup),
		cmocka_unit_test(the_page_asks_for_nothing_and_runs_only_its_own_script),
		cmocka_unit_test(losses_and_cuts_are_there_by_cause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
