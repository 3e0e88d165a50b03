/* SPDX-License-Identifier: Apache-2.0 */
/* `hearth status`: what the running agent is doing, one line per fact. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/running.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/str.h"

#define STATUS_TIMEOUT_NS (5 * NS_PER_S)

static const struct hearth_option options[] = {
	{ .name = "json", .type = HEARTH_BOOL, .help = "print the agent's answer as it came" },
};

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "-";
}

static long long number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static long long dropped(const json_t *stats)
{
	long long sum = 0;
	const char *key;
	json_t *n;

	json_object_foreach(json_object_get(stats, "dropped"), key, n)
		sum += json_integer_value(n);
	return sum;
}

static int name_width(const json_t *instances)
{
	int width = 8;
	size_t i;
	json_t *o;

	json_array_foreach(instances, i, o) {
		int len = (int)strlen(text(o, "name"));

		width = len > width ? len : width;
	}
	return width;
}

static void print_instances(const json_t *instances)
{
	int width = name_width(instances);
	size_t i;
	json_t *o;

	printf("\n%-*s  %-10s  %10s  %10s  %8s  %8s  %12s\n", width, "plugin", "state", "received", "sent",
	       "queued", "dropped", "callbacks");
	json_array_foreach(instances, i, o) {
		const json_t *stats = json_object_get(o, "stats");

		printf("%-*s  %-10s  %10lld  %10lld  %8lld  %8lld  %9.1f ms\n", width, text(o, "name"),
		       text(o, "state"), number(stats, "received"), number(stats, "sent"),
		       number(stats, "queued"), dropped(stats),
		       (double)number(json_object_get(stats, "callbacks"), "ns") / 1e6);
		if (json_is_true(json_object_get(o, "is_outdated")))
			printf("%-*s  the file on disk is newer: restart the agent to load it\n", width, "");
		if (json_object_get(o, "callback"))
			printf("%-*s  in %s() for %.1f s\n", width, "",
			       text(json_object_get(o, "callback"), "name"),
			       json_number_value(json_object_get(json_object_get(o, "callback"),
								 "seconds")));
	}
}

static void print_overhead(const json_t *overhead)
{
	const json_t *percent = json_object_get(overhead, "cpu_percent");
	const json_t *budget = json_object_get(overhead, "budget_percent");

	if (json_is_null(percent))
		printf("overhead     not measured yet (every 10 s)\n");
	else
		printf("overhead     %.2f %% of one CPU", json_number_value(percent));
	if (!json_is_null(percent) && !json_is_null(budget))
		printf(", budget %.2f %%, sources at %.1f %% of their rate", json_number_value(budget),
		       (double)number(overhead, "scale") / 10);
	if (!json_is_null(percent))
		printf("\n");
}

static void print_symbol_cache(const json_t *c)
{
	if (!json_is_object(c)) {
		printf("symbols      are not kept on disk\n");
		return;
	}
	printf("symbols      %lld tables from disk, %lld files without; %lld stored, %lld evicted, "
	       "%lld damaged; %.1f of %.1f MiB\n", number(c, "hits"), number(c, "misses"),
	       number(c, "stored"), number(c, "evicted"), number(c, "damaged"),
	       (double)number(c, "bytes") / (1 << 20), (double)number(c, "max_bytes") / (1 << 20));
}

static void print_status(const json_t *s)
{
	const json_t *reloads = json_object_get(s, "reloads"), *helpers = json_object_get(s, "helpers");

	printf("hearth       %s, pid %lld, %s for %.0f s\n", text(s, "version"), number(s, "pid"),
	       text(s, "state"), json_number_value(json_object_get(s, "uptime_seconds")));
	printf("config       %s%s%s\n", text(s, "config"),
	       json_is_string(json_object_get(s, "environment")) ? ", environment " : "",
	       json_is_string(json_object_get(s, "environment")) ? text(s, "environment") : "");
	printf("reloads      %lld applied, %lld refused\n", number(reloads, "succeeded"),
	       number(reloads, "failed"));
	if (json_is_string(json_object_get(reloads, "last_error")))
		printf("             last one: %s\n", text(reloads, "last_error"));
	print_overhead(json_object_get(s, "overhead"));
	printf("helpers      opener %lld, inspector %lld (0: not running, started when needed)\n",
	       number(helpers, "opener"), number(helpers, "inspector"));
	print_symbol_cache(json_object_get(s, "symbol_cache"));
	print_instances(json_object_get(s, "instances"));
}

static int run(struct cli_call *call)
{
	json_t *request = json_pack("{s:s}", "request", "status"), *answer = NULL;
	_cleanup_free_ char *why = NULL;
	int r = running_agent_ask(call, request, STATUS_TIMEOUT_NS, &answer, &why);

	json_decref(request);
	if (r < 0) {
		fprintf(stderr, "hearth: %s\n", why ? why : strerror(-r));
		return r == -EACCES || r == -EPERM ? EXIT_PERMISSION : EXIT_FAILED;
	}
	if (option_set_value(&call->options, "json")->number) {
		json_dumpf(answer, stdout, JSON_INDENT(2));
		puts("");
	} else {
		print_status(answer);
	}
	json_decref(answer);
	return EXIT_OK;
}

const struct cli_verb cli_status = {
	.name = "status",
	.summary = "show what the running agent is doing",
	.description = "Asks the agent over its status socket. received, sent and dropped count batches, one "
		       "per window of a source; callbacks is the time that a plugin has been at work.",
	.options = options,
	.n_options = sizeof(options) / sizeof(options[0]),
	.run = run,
};
