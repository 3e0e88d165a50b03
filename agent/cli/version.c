/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hearth version`, and, hidden in it, everything that the build and the docs make of the option
 * tables: man pages, completion, a JSON schema, Markdown.
 */
#include <jansson.h>
#include <stdio.h>
#include <time.h>
#include <yaml.h>

#include "cli/cli.h"
#include "cli/completion.h"
#include "cli/man.h"
#include "cli/pages.h"
#include "cli/schema.h"
#include "cli/tables.h"
#include "config/environ.h"
#include "config/units.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/str.h"

static const struct hearth_option options[] = {
	{"man", NULL, "print the man page of a verb, or hearth(1) for \"hearth\"", .type = HEARTH_STRING,
	 .flags = HEARTH_HIDDEN},
	{"completion", "false", "print the bash completion script", .type = HEARTH_BOOL,
	 .flags = HEARTH_HIDDEN},
	{"schema", "false", "print the JSON schema of hearth.yaml", .type = HEARTH_BOOL,
	 .flags = HEARTH_HIDDEN},
	{"tables", NULL, "print a Markdown table: host, instance, plugins, verbs or exits",
	 .type = HEARTH_STRING, .flags = HEARTH_HIDDEN},
};

/* Reproducible builds set it (reproducible-builds.org/specs/source-date-epoch). */
static int64_t page_date(void)
{
	const char *epoch = environ_value(environ, "SOURCE_DATE_EPOCH");
	int64_t date;

	return epoch && units_parse_int(epoch, &date) == 0 ? date : (int64_t)time(NULL);
}

static int man_write(const char *verb, const struct page_list *list, struct buf *out)
{
	const struct page *p = pages_find(list, verb);

	if (str_equal(verb, "hearth"))
		return man_overview(list, page_date(), out);
	if (!p)
		return -ENOENT;
	return man_verb(p, &cli_common_table, page_date(), out);
}

/* What every text that is made of all verbs needs. */
static int generated_print(const struct cli_call *call, const char *man, const char *tables)
{
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_(registry_freep) struct registry *plugins = NULL;
	_cleanup_(pages_done) struct page_list list = {};
	_cleanup_(buf_done) struct buf text = {};
	int r, status = cli_load_config(call, &c);

	if (status != EXIT_OK)
		return status;
	r = registry_new(c->plugin_dirs, &plugins);
	if (r == 0)
		r = pages_collect(plugins, &list);
	if (r == 0 && man)
		r = man_write(man, &list, &text);
	else if (r == 0 && tables)
		r = tables_write(tables, plugins, &text);
	else if (r == 0 && option_set_value(&call->options, "completion")->number)
		r = completion_bash(&list, &cli_common_table, &text);
	else if (r == 0)
		r = schema_write(plugins, &text);
	if (r == -ENOENT)
		return cli_usage_error(call->name, "there is no \"%s\"", man ? man : tables);
	if (r < 0) {
		log_error("cannot print: %s", strerror(-r));
		return EXIT_FAILED;
	}
	return cli_print(&text);
}

static void version_print(void)
{
	int major, minor, patch;

	yaml_get_version(&major, &minor, &patch);
	printf("hearth %s\n", HEARTH_VERSION);
	printf("plugin ABI %u.%u\n", HEARTH_ABI_MAJOR, HEARTH_ABI_MINOR);
	printf("plugins in %s, configuration in %s\n", HEARTH_PLUGIN_DIR, HEARTH_CONFIG_DIR);
#ifdef HEARTH_FAILPOINTS
	puts("built with failpoints: for tests only");
#endif
	printf("libyaml %d.%d.%d, jansson %s\n", major, minor, patch, jansson_version_str());
}

static int version_run(struct cli_call *call)
{
	const char *man = option_set_value(&call->options, "man")->string;
	const char *tables = option_set_value(&call->options, "tables")->string;

	if (call->n_arguments)
		return cli_usage_error(call->name, "unexpected argument \"%s\"", call->arguments[0]);
	if (man || tables || option_set_value(&call->options, "completion")->number ||
	    option_set_value(&call->options, "schema")->number)
		return generated_print(call, man, tables);
	version_print();
	return EXIT_OK;
}

const struct cli_verb cli_version = {
	.name = "version",
	.summary = "print the version of Hearth, of its plugin ABI and of its libraries",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.run = version_run,
};
