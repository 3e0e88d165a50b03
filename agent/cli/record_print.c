/* SPDX-License-Identifier: Apache-2.0 */
/* See record_print.h. One line per fact, numbers with thousands separators, last what to open. */
#include "cli/record_print.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/str.h"

void progress_begin(struct progress *p, uint64_t duration_ns, bool has_command)
{
	*p = (struct progress){ .is_tty = isatty(STDERR_FILENO), .duration_ns = duration_ns };
	if (p->is_tty)
		return;
	if (duration_ns)
		fprintf(stderr, "recording for %.0f s\n", (double)duration_ns / (double)NS_PER_S);
	else if (has_command)
		fputs("recording until the command ends\n", stderr);
	else
		fputs("recording until SIGINT\n", stderr);
}

/* 1234567 → "1,234,567" */
static const char *grouped(uint64_t n, char buf[static 32])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n), k = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf[k++] = ',';
		buf[k++] = digits[i];
	}
	buf[k] = '\0';
	return buf;
}

void progress_show(struct progress *p, uint64_t elapsed_ns, uint64_t samples)
{
	double seconds = (double)elapsed_ns / (double)NS_PER_S;
	char buf[32];

	if (!p->is_tty)
		return;
	p->is_shown = true;
	if (p->duration_ns)
		fprintf(stderr, "\rrecording  %.1f s of %.0f s  %s samples  Ctrl-C ends it early\033[K",
			seconds, (double)p->duration_ns / (double)NS_PER_S, grouped(samples, buf));
	else
		fprintf(stderr, "\rrecording  %.1f s  %s samples  Ctrl-C ends it\033[K", seconds,
			grouped(samples, buf));
}

void progress_end(struct progress *p)
{
	if (p->is_shown)
		fputs("\r\033[K", stderr);
	p->is_shown = false;
}

static uint64_t number(const json_t *o, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(o, key));

	return n > 0 ? (uint64_t)n : 0;
}

static void print_size(FILE *out, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB" };
	double n = (double)bytes;
	size_t u = 0;

	while (n >= 1024 && u + 1 < sizeof(units) / sizeof(units[0])) {
		n /= 1024;
		u++;
	}
	fprintf(out, u ? "%8.1f %s" : "%8.0f %s", n, units[u]);
}

static void print_causes(FILE *out, const char *title, const json_t *causes)
{
	const char *cause;
	char buf[32];
	json_t *n;

	json_object_foreach((json_t *)causes, cause, n) {
		fprintf(out, "%-11s  %s: %s\n", title, grouped((uint64_t)json_integer_value(n), buf), cause);
		title = "";
	}
}

static void print_runs(FILE *out, const json_t *summary)
{
	const json_t *runs = json_object_get(summary, "runs");
	const json_t *seconds = json_object_get(runs, "seconds");
	json_int_t status = json_integer_value(json_object_get(summary, "exit_status"));
	uint64_t n = number(runs, "n");
	char buf[32];

	if (!runs)
		return;
	fprintf(out, "command      ran %s time%s, %.3f s each (%.3f to %.3f)", grouped(n, buf),
		n == 1 ? "" : "s", json_number_value(json_object_get(seconds, "mean")),
		json_number_value(json_object_get(seconds, "min")),
		json_number_value(json_object_get(seconds, "max")));
	if (status == 0)
		fprintf(out, "; exit status 0%s\n", n > 1 ? " each time" : "");
	else
		fprintf(out, "; the last ended with status %d, so it is not run again\n", (int)status);
}

static void print_facts(FILE *out, const json_t *summary)
{
	const json_t *samples = json_object_get(summary, "samples");
	const json_t *stacks = json_object_get(summary, "stacks");
	const json_t *window = json_object_get(summary, "window");
	char a[32], b[32];

	fprintf(out, "recorded     %.1f s, %s samples, %s unique stacks\n",
	       json_number_value(json_object_get(window, "seconds")),
	       grouped(number(samples, "delivered"), a), grouped(number(stacks, "unique"), b));
	print_runs(out, summary);
	print_causes(out, "lost", json_object_get(samples, "lost"));
	print_causes(out, "cut stacks", json_object_get(stacks, "truncated"));
}

/* A hundred samples still leave ± 10 points on a function with half of them. */
#define ENOUGH_SAMPLES 100

static const char *print_amount(FILE *out, const json_t *summary, const char *title)
{
	uint64_t n = number(json_object_get(summary, "samples"), "delivered");

	if (n >= ENOUGH_SAMPLES)
		return title;
	if (n == 0)
		fprintf(out, "%-11s  no samples: nothing that was to be recorded ran on a CPU meanwhile\n", title);
	else
		fprintf(out, "%-11s  too few samples to trust a share: record longer, or with a higher -F\n",
		       title);
	return "";
}

static void print_advice(FILE *out, const json_t *summary)
{
	const char *title = print_amount(out, summary, "advice");
	size_t i;
	json_t *line;

	json_array_foreach(json_object_get(summary, "advice"), i, line) {
		fprintf(out, "%-11s  %s\n", title, json_string_value(line));
		title = "";
	}
}

static void print_file(FILE *out, const char *path, uint64_t bytes)
{
	const char *name = strrchr(path, '/');

	fputs("  ", out);
	print_size(out, bytes);
	fprintf(out, "  %s\n", name ? name + 1 : path);
}

static void print_files(FILE *out, const json_t *summary, const char *folder)
{
	_cleanup_free_ char *path = str_format("%s/summary.json", folder);
	const char *open_next = NULL;
	struct stat st;
	size_t i;
	json_t *artifact;

	fprintf(out, "wrote        %s\n", folder);
	json_array_foreach(json_object_get(summary, "artifacts"), i, artifact) {
		const char *file = json_string_value(json_object_get(artifact, "path"));
		const char *type = json_string_value(json_object_get(artifact, "media_type"));

		if (!file)
			continue;
		print_file(out, file, number(artifact, "bytes"));
		if (type && str_starts(type, "text/html"))
			open_next = file;
	}
	if (path && stat(path, &st) == 0)
		print_file(out, path, (uint64_t)st.st_size);
	if (open_next)
		fprintf(out, "open         %s\n", open_next);
}

void record_print(FILE *out, const json_t *summary, const char *folder)
{
	print_facts(out, summary);
	print_advice(out, summary);
	if (folder)
		print_files(out, summary, folder);
	fflush(out);
}
