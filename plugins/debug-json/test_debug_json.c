/* SPDX-License-Identifier: Apache-2.0 */
/* The sink: where lines go, when they go there, and what happens when they cannot. */
#include "common/test_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>

#include "common/cleanup.h"

struct output {
	struct hearth_mock m;
	struct test_profile p;
	char path[64];
};

static void output_begin(struct output *o, const char *setting)
{
	char text[96];
	int fd;

	snprintf(o->path, sizeof(o->path), "/tmp/hearth-test-debug-XXXXXX");
	fd = mkstemp(o->path);
	assert_true(fd >= 0);
	close(fd);
	snprintf(text, sizeof(text), "output=%s", o->path);
	test_profile_begin(&o->p);
	hearth_mock_init(&o->m, hearth_plugin_v0.components[0]);
	assert_int_equal(hearth_mock_set(&o->m, text), 0);
	if (setting)
		assert_int_equal(hearth_mock_set(&o->m, setting), 0);
	assert_int_equal(hearth_mock_create(&o->m), 0);
	assert_int_equal(hearth_mock_start(&o->m), 0);
}

static void output_feed(struct output *o)
{
	test_sample(&o->p, "gzip", NULL, 0, NULL);
	assert_int_equal(hearth_mock_feed(&o->m, test_profile_end(&o->p)), 0);
}

/* Lines of the file; each must begin and end as an object does. */
static int output_lines(const struct output *o)
{
	FILE *f = fopen(o->path, "re");
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int n = 0;

	assert_non_null(f);
	for (; (len = getline(&line, &size, f)) > 0; n++) {
		assert_int_equal(line[0], '{');
		assert_memory_equal(line + len - 2, "}\n", 2);
	}
	fclose(f);
	return n;
}

static void output_end(struct output *o)
{
	assert_int_equal(hearth_mock_done(&o->m), 0);
	test_profile_done(&o->p);
	assert_int_equal(remove(o->path), 0);
}

TEST(a_line_is_there_when_its_batch_was_taken)
{
	struct output o;

	output_begin(&o, NULL);
	for (int i = 1; i <= 3; i++) {
		output_feed(&o);
		assert_int_equal(output_lines(&o), i);
	}
	output_end(&o);
}

TEST(without_flush_lines_are_gathered_until_the_end)
{
	struct output o;

	output_begin(&o, "flush=false");
	output_feed(&o);
	output_feed(&o);
	assert_int_equal(output_lines(&o), 0);
	assert_int_equal(hearth_mock_finish(&o.m), 0);
	assert_int_equal(output_lines(&o), 2);
	output_end(&o);
}

TEST(lines_are_appended_to_what_is_there)
{
	struct hearth_mock second;
	struct output o;
	char text[96];

	output_begin(&o, NULL);
	output_feed(&o);
	snprintf(text, sizeof(text), "output=%s", o.path);
	hearth_mock_init(&second, hearth_plugin_v0.components[0]);
	assert_int_equal(hearth_mock_set(&second, text), 0);
	assert_int_equal(hearth_mock_create(&second), 0);
	assert_int_equal(hearth_mock_start(&second), 0);
	test_sample(&o.p, "sh", NULL, 0, NULL);
	assert_int_equal(hearth_mock_feed(&second, test_profile_end(&o.p)), 0);
	assert_int_equal(output_lines(&o), 2);
	assert_int_equal(hearth_mock_done(&second), 0);
	output_end(&o);
}

TEST(a_line_that_does_not_fit_is_taken_back_and_counted)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct rlimit old, small;
	struct output o;

	output_begin(&o, NULL);
	output_feed(&o);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ 1500, old.rlim_max };
	assert_int_equal(sigaction(SIGXFSZ, &ignore, NULL), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 4; i++)
		output_feed(&o);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_in_range(output_lines(&o), 1, 3);
	assert_int_equal(output_lines(&o) + (int)hearth_mock_counter(&o.m, "lines_lost.write failed"), 5);
	assert_int_equal(o.m.n_lines, 1);
	assert_non_null(hearth_mock_logged(&o.m, o.path));
	output_feed(&o);
	assert_non_null(hearth_mock_logged(&o.m, "works again"));
	assert_int_equal(output_lines(&o) + (int)hearth_mock_counter(&o.m, "lines_lost.write failed"), 6);
	output_end(&o);
}

TEST(a_file_that_cannot_be_opened_is_named)
{
	struct hearth_mock m;

	hearth_mock_init(&m, hearth_plugin_v0.components[0]);
	assert_int_equal(hearth_mock_set(&m, "output=/proc/no/such"), 0);
	assert_int_equal(hearth_mock_create(&m), 0);
	assert_int_equal(hearth_mock_start(&m), -ENOENT);
	assert_non_null(strstr(m.failure, "cannot append to /proc/no/such"));
	assert_int_equal(hearth_mock_done(&m), 0);
}

TEST(switches_change_in_place_and_another_file_does_not)
{
	struct output o;

	output_begin(&o, NULL);
	assert_int_equal(hearth_mock_set(&o.m, "flush=false"), 0);
	assert_int_equal(o.m.component->update(o.m.instance), 0);
	output_feed(&o);
	assert_int_equal(output_lines(&o), 0);
	assert_int_equal(hearth_mock_set(&o.m, "output=/tmp/other"), 0);
	assert_int_equal(o.m.component->update(o.m.instance), -EBUSY);
	output_end(&o);
}

TEST(a_bad_batch_leaves_no_trace)
{
	struct output o;

	output_begin(&o, "flush=false");
	output_feed(&o);
	assert_int_equal(hearth_flat_emit(&o.p.b, &o.p.source.host, HEARTH_PROFILE_SCHEMA, NULL), 0);
	assert_int_equal(hearth_mock_feed(&o.m, hearth_mock_emitted(&o.p.source, 1)), -EBADMSG);
	assert_int_equal(hearth_mock_finish(&o.m), 0);
	assert_int_equal(output_lines(&o), 1);
	output_end(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_there_when_its_batch_was_taken),
		cmocka_unit_test(without_flush_lines_are_gathered_until_the_end),
		cmocka_unit_test(lines_are_appended_to_what_is_there),
		cmocka_unit_test(a_line_that_does_not_fit_is_taken_back_and_counted),
		cmocka_unit_test(a_file_that_cannot_be_opened_is_named),
		cmocka_unit_test(switches_change_in_place_and_another_file_does_not),
		cmocka_unit_test(a_bad_batch_leaves_no_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
