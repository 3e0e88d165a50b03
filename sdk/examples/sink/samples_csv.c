/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink: one CSV line per process and window: start of the window in ns, pid, comm, samples.
 * What it shows: reading a profile, doing I/O in start() and not in create(), failing with a
 * sentence, finish() and a report for the result of a run.
 */
#include <inttypes.h>
#include <stdio.h>

#include <hearth/flat_builder.h>
#include <hearth/profile.h>

struct sink {
	const struct hearth_host *host;
	FILE *file;
	uint64_t n_lines;
};

static const struct hearth_option options[] = {
	{ "output", "samples.csv", "file to write", NULL, NULL, 0, 0, HEARTH_STRING, 0, 0, 0 },
};

static int32_t sink_create(const struct hearth_host *h, void **ret_instance)
{
	struct sink *s = (struct sink *)calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->host = h;
	*ret_instance = s;
	return 0;
}

static int32_t sink_start(void *instance)
{
	struct sink *s = (struct sink *)instance;
	const char *path = s->host->option_string(s->host, "output");
	char why[256];
	int r;

	s->file = fopen(path, "wxe"); /* x: a file that is there stays as it is */
	if (s->file)
		return 0;
	r = -errno;
	snprintf(why, sizeof(why), "cannot write %s: %s; set another output", path, strerror(-r));
	s->host->fail(s->host, why);
	return r;
}

static void write_process(struct sink *s, const struct hearth_flat *f, uint64_t process, uint64_t n)
{
	struct hearth_process p = hearth_profile_process(f, process);

	fprintf(s->file, "%" PRIu64 ",%" PRIu32 ",%s,%" PRIu64 "\n",
		hearth_profile_info(f).window_start_ns, p.pid, hearth_flat_string(f, p.comm), n);
	s->n_lines++;
}

static int32_t sink_consume(void *instance, const struct hearth_batch *batch)
{
	struct sink *s = (struct sink *)instance;
	struct hearth_flat f;
	uint64_t i, n_processes, *n;
	int32_t r = hearth_profile_open(&f, batch);

	if (r < 0)
		return r;
	n_processes = hearth_flat_count(&f, HEARTH_PROFILE_PROCESSES);
	n = (uint64_t *)calloc(n_processes + 1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	for (i = 0; i < hearth_flat_count(&f, HEARTH_PROFILE_SAMPLES); i++) {
		uint32_t thread = hearth_profile_sample(&f, i).thread;
		uint32_t process = hearth_profile_thread(&f, thread).process;

		n[process < n_processes ? process : 0]++;
	}
	for (i = 0; i < n_processes; i++)
		if (n[i])
			write_process(s, &f, i, n[i]);
	free(n);
	return 0;
}

static int32_t sink_finish(void *instance)
{
	struct sink *s = (struct sink *)instance;
	char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, s->n_lines);
	s->host->report(s->host, "csv_lines", number);
	if (fflush(s->file) == 0)
		return 0;
	s->host->fail(s->host, "the CSV file is not complete: is the disk full?");
	return -EIO;
}

static void sink_destroy(void *instance)
{
	struct sink *s = (struct sink *)instance;

	if (s->file)
		fclose(s->file);
	free(s);
}

static const struct hearth_component component = {
	sizeof(struct hearth_component), HEARTH_SINK, 0, 1, sizeof(options[0]), 0,
	"samples-csv", "samples per process as CSV", NULL, HEARTH_PROFILE_SCHEMA, NULL, options,
	sink_create, sink_start, sink_consume, NULL, NULL, NULL, NULL, NULL, NULL,
	sink_finish, NULL, sink_destroy, NULL, NULL, NULL,
};
static const struct hearth_component *const components[] = { &component, NULL };
const struct hearth_plugin hearth_plugin_v0 = {
	sizeof(struct hearth_plugin), 0, "samples-csv", "1.0", "Apache-2.0", components, NULL,
};
