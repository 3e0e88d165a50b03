/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compilers at run time write /tmp/perf-PID.map only when they are told to, each in its own way. A
 * person who sees "[jit]" should get the words to say, not a chapter of another project's manual.
 */
#include "runtimes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/frame_name.h"

enum { WORTH_PERCENT = 1, PROGRAM_BYTES = 64 };

/*
 * What the manuals of the runtimes say: nodejs.org/api/cli.html, docs.python.org/3/howto/
 * perf_profiling.html, learn.microsoft.com/dotnet/core/runtime-config/debugging-profiling, jcmd(1) of
 * JDK 17, erlang.org/doc/apps/erts/beamasm, doc/yjit/yjit.md of Ruby, ext/opcache/jit/zend_jit.h of
 * PHP (ZEND_JIT_DEBUG_PERF). A % is the pid.
 */
static const struct {
	const char *program; /* without the version behind it */
	const char *library; /* tells programs with names of their own */
	const char *mend;
} known[] = {
	{ "node", "libnode.so",
	  "start it with node --perf-basic-prof, or NODE_OPTIONS=--perf-basic-prof" },
	{ "nodejs", NULL,
	  "start it with nodejs --perf-basic-prof, or NODE_OPTIONS=--perf-basic-prof" },
	{ "deno", NULL, "start it with deno run --v8-flags=--perf-basic-prof" },
	{ "python", "libpython",
	  "start it with python3 -X perf, or PYTHONPERFSUPPORT=1 (Python 3.12 or newer)" },
	{ "dotnet", "libcoreclr.so", "start it with DOTNET_PerfMapEnabled=1" },
	{ "java", "libjvm.so",
	  "run jcmd % Compiler.perfmap (JDK 17 or newer) when it has warmed up, and record again; "
	  "older ones need an agent, perf-map-agent" },
	{ "beam.smp", NULL, "start it with erl +JPperf true (OTP 25 or newer)" },
	{ "ruby", "libruby", "start it with ruby --yjit --yjit-perf (Ruby 3.3 or newer)" },
	{ "php", NULL, "start it with php -d opcache.jit_debug=16" },
};

static const char other[] = "have its compiler write /tmp/perf-PID.map";

/* ---- counting ---- */

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static const char *known_library(const char *path)
{
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; slash && i < ARRAY_SIZE(known); i++)
		if (known[i].library && begins_with(slash + 1, known[i].library))
			return known[i].library;
	return NULL;
}

/* Only mappings that samples hit are told, and a runtime runs itself now and then. */
static const char *library_of(const struct hearth_flat *f, uint32_t process)
{
	for (uint64_t i = 0; i < hearth_flat_count(f, HEARTH_PROFILE_MAPPINGS); i++) {
		struct hearth_mapping m = hearth_profile_mapping(f, i);
		struct hearth_binary b = hearth_profile_binary(f, m.binary);
		const char *library = m.process == process && m.binary ?
					      known_library(hearth_flat_string(f, b.path)) : NULL;

		if (library)
			return library;
	}
	return NULL;
}

static struct runtime_row *row_of(struct runtimes *r, const char *program)
{
	struct runtime_row *row = r->rows;

	while (row < r->rows + r->n && strcmp(row->program, program) != 0)
		row++;
	if (row < r->rows + r->n)
		return row;
	if (r->n == MAX_RUNTIMES)
		return NULL;
	row->program = strdup(program);
	r->n += row->program ? 1 : 0;
	return row->program ? row : NULL;
}

void runtimes_add(struct runtimes *r, const struct hearth_flat *f, const struct hearth_frame *frame,
		  uint64_t n_samples)
{
	uint32_t index = hearth_profile_mapping(f, frame->mapping).process;
	struct hearth_process p = hearth_profile_process(f, index);
	char program[PROGRAM_BYTES];
	struct runtime_row *row;

	module_base_name(hearth_flat_string(f, p.exe ? p.exe : p.comm), program, sizeof(program));
	row = *program ? row_of(r, program) : NULL;
	if (!row)
		return;
	if (!row->library)
		row->library = library_of(f, index);
	row->has_more |= row->pid && row->pid != p.pid;
	row->pid = row->pid ? row->pid : p.pid;
	row->n_samples += n_samples;
}

void runtimes_done(struct runtimes *r)
{
	for (uint32_t i = 0; i < r->n; i++)
		free(r->rows[i].program);
	*r = (struct runtimes){ .n = 0 };
}

/* ---- advice ---- */

/* "python3.12" is "python". */
static bool is_program(const char *name, const char *program)
{
	return begins_with(name, program) &&
	       strspn(name + strlen(program), "0123456789.-") == strlen(name + strlen(program));
}

static const char *mend_of(const struct runtime_row *row)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (is_program(row->program, known[i].program))
			return known[i].mend;
	for (size_t i = 0; row->library && i < ARRAY_SIZE(known); i++)
		if (known[i].library && strcmp(row->library, known[i].library) == 0)
			return known[i].mend;
	return other;
}

static int by_samples(const void *a, const void *b)
{
	const struct runtime_row *x = a, *y = b;

	return (x->n_samples < y->n_samples) - (x->n_samples > y->n_samples);
}

static void write_mend(FILE *f, const char *mend, uint32_t pid)
{
	size_t before = strcspn(mend, "%");

	fprintf(f, "%.*s", (int)before, mend);
	if (mend[before])
		fprintf(f, "%u%s", pid, mend + before + 1);
}

int runtimes_advice(struct runtimes *r, uint32_t i, char **ret)
{
	const struct runtime_row *row = &r->rows[i];
	size_t size = 0;
	FILE *f;

	*ret = NULL;
	qsort(r->rows, r->n, sizeof(r->rows[0]), by_samples);
	if (i >= r->n || row->n_samples * 100 < r->n_samples * WORTH_PERCENT)
		return 0;
	f = open_memstream(ret, &size);
	if (!f)
		return -ENOMEM;
	fprintf(f, "%.0f %% of the samples run code that %s (process %u%s) makes without naming "
		"it: ", 100. * (double)row->n_samples / (double)r->n_samples, row->program,
		row->pid, row->has_more ? " and others" : "");
	write_mend(f, mend_of(row), row->pid);
	return fclose(f) == 0 ? 0 : -ENOMEM;
}
