/* SPDX-License-Identifier: Apache-2.0 */
/* See record_print.h. One line per fact, numbers with thousands separators, last what to open. */
#include "cli/record_print.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/terminal.h"
#include "util/clock.h"
#include "util/str.h"

enum { HOTTEST_SHOWN = 5 };
#define SHARE_SHOWN 0.01 /* nobody gains anything where less than this can be gained */

void progress_begin(struct progress *p, uint64_t duration_ns, bool has_command)
{
	*p = (struct progress){ .is_tty = terminal_has_cursor(STDERR_FILENO), .duration_ns = duration_ns };
	if (p->is_tty)
		return;
	if (duration_ns)
		fprintf(stderr, "recording for %.15g s\n", (double)duration_ns / (double)NS_PER_S);
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

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void print_runs(FILE *out, const json_t *summary)
{
	const json_t *runs = json_object_get(summary, "runs");
	const json_t *seconds = json_object_get(runs, "seconds");
	json_int_t status = json_integer_value(json_object_get(summary, "exit_status"));
	uint64_t n = number(runs, "n");
	char buf[32];

	if (n == 0)
		return;
	fprintf(out, "command      ran %s time%s, %.3f s each (%.3f to %.3f)", grouped(n, buf),
		plural(n), json_number_value(json_object_get(seconds, "mean")),
		json_number_value(json_object_get(seconds, "min")),
		json_number_value(json_object_get(seconds, "max")));
	if (status == 0)
		fprintf(out, "; exit status 0%s\n", n > 1 ? " each time" : "");
	else
		fprintf(out, "; the last ended with status %d, so it is not run again\n", (int)status);
}

static void print_facts(FILE *out, const json_t *summary)
{
	uint64_t n_samples = number(json_object_get(summary, "samples"), "delivered");
	uint64_t n_stacks = number(json_object_get(summary, "stacks"), "unique");
	const json_t *window = json_object_get(summary, "window");
	char a[32], b[32];

	fprintf(out, "recorded     %.1f s, %s sample%s, %s unique stack%s\n",
		json_number_value(json_object_get(window, "seconds")), grouped(n_samples, a),
		plural(n_samples), grouped(n_stacks, b), plural(n_stacks));
	print_runs(out, summary);
}

/* ---- the guide ---- */

/* Names come from other processes, and a terminal obeys what it is shown. */
static void print_text(FILE *out, const char *text)
{
	_cleanup_free_ char *harmless = str_format("%s", text ? text : "");

	if (!harmless)
		return;
	str_sanitize(harmless);
	fputs(harmless, out);
}

/* The word in front says how bad it is, by its colour too where somebody looks at a terminal. */
static void print_title(FILE *out, const char *title, const char *severity)
{
	const char *colour = str_equal(severity, "good") ? "32" : str_equal(severity, "bad") ? "31" : "33";

	if (terminal_has_colour(fileno(out)))
		fprintf(out, "\033[%sm%-11s\033[0m  ", colour, title);
	else
		fprintf(out, "%-11s  ", title);
}

static void print_guide(FILE *out, const json_t *summary)
{
	size_t i;
	json_t *line;

	json_array_foreach(json_object_get(summary, "guide"), i, line) {
		const char *mend = json_string_value(json_object_get(line, "mend"));

		print_title(out, json_string_value(json_object_get(line, "about")),
			    json_string_value(json_object_get(line, "severity")));
		print_text(out, json_string_value(json_object_get(line, "finding")));
		fputs(mend ? "; " : "", out);
		print_text(out, mend);
		fputc('\n', out);
	}
	json_array_foreach(json_object_get(summary, "advice"), i, line) {
		print_title(out, "advice", "costs");
		print_text(out, json_string_value(line));
		fputc('\n', out);
	}
}

/* Two functions of one name are told apart by where they are. */
static bool is_name_shared(const json_t *functions, const char *name)
{
	unsigned int n = 0;
	size_t i;
	json_t *row;

	json_array_foreach((json_t *)functions, i, row) {
		const char *other = json_string_value(json_object_get(row, "function"));

		n += other && str_equal(other, name);
	}
	return n > 1;
}

static void print_function(FILE *out, const json_t *functions, const json_t *row)
{
	const char *name = json_string_value(json_object_get(row, "function"));
	const char *module = json_string_value(json_object_get(row, "module"));
	double share = json_number_value(json_object_get(row, "share"));

	fprintf(out, "%5.1f %%  ", 100 * share);
	print_text(out, name);
	if (module && *module && is_name_shared(functions, name)) {
		fputs("  (", out);
		print_text(out, module);
		fputc(')', out);
	}
	fputc('\n', out);
}

static void print_hottest(FILE *out, const json_t *summary)
{
	const json_t *functions = json_object_get(summary, "hottest_functions");
	const char *title = "look first";
	size_t i;
	json_t *row;

	json_array_foreach((json_t *)functions, i, row) {
		if (i == HOTTEST_SHOWN)
			break;
		if (!json_is_string(json_object_get(row, "function")))
			continue;
		if (i > 0 && json_number_value(json_object_get(row, "share")) < SHARE_SHOWN)
			break;
		fprintf(out, "%-11s  ", title);
		print_function(out, functions, row);
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
	print_guide(out, summary);
	print_hottest(out, summary);
	if (folder)
		print_files(out, summary, folder);
	fflush(out);
}
