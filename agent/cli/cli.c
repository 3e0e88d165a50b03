/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From argv to the verb that it names. A verb of the host is a row of cli_verbs[]; any other word
 * is looked for among the plugins, whose folders only the configuration knows: so a few options
 * are looked at before the table that they are parsed by is known.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/help.h"
#include "cli/pages.h"
#include "plugin/loader.h"
#include "util/buf.h"
#include "util/log.h"
#include "util/str.h"

static const struct hearth_option common_rows[] = {
	{"config", NULL, "configuration to read, default $HEARTH_CONFIG or " HEARTH_CONFIG_DIR "/hearth.yaml",
	 .type = HEARTH_STRING},
	{"environment", NULL, "lay environments/TEXT.yaml over it, default $HEARTH_ENVIRONMENT",
	 .type = HEARTH_STRING},
	{"set", NULL, "set one option: plugin.option=value", .type = HEARTH_STRING,
	 .flags = HEARTH_REPEAT},
	{"sink", NULL, "add a sink: name:option=value,option=value", .type = HEARTH_STRING,
	 .flags = HEARTH_REPEAT},
	{"log_level", NULL, "what is worth a line", .choices = "error|warning|notice|info|debug",
	 .type = HEARTH_CHOICE},
	{"verbose", "false", "say more", .type = HEARTH_BOOL, .letter = 'v'},
	{"help", "false", "print this text", .type = HEARTH_BOOL, .letter = 'h'},
};

const struct option_table cli_common_table = {common_rows, ARRAY_SIZE(common_rows),
					      sizeof(common_rows[0])};

const struct cli_verb *const cli_verbs[] = {
	&cli_agent,  &cli_check,   &cli_config, &cli_status, &cli_reload, &cli_plugins,
	&cli_doctor, &cli_version, &cli_helper, &cli_launch, &cli_check_create, NULL,
};

/* One command line on its way to a verb. */
struct running {
	char **words; /* behind the verb */
	struct page page;
	const struct cli_verb *host; /* one of the two */
	const struct verb *plugin;
	struct hearth_option *rows;  /* the verb's and the common ones */
	struct args args;
	struct node *command_line;   /* what of the common options is configuration */
	struct cli_call call;
};

static void running_done(struct running *r)
{
	args_done(&r->args);
	free(r->rows);
	node_free(r->command_line);
}

static int fail(int error)
{
	log_error("cannot begin: %s", strerror(-error));
	return EXIT_FAILED;
}

/* ---- the table is known: parse and run ---- */

static int help_print(const struct running *r)
{
	_cleanup_(buf_done) struct buf text = {};
	int q = help_verb(&r->page, &cli_common_table, help_width(STDOUT_FILENO), &text);

	return q < 0 ? fail(q) : cli_print(&text);
}

/* --log-level is the configuration's log.level, wherever the configuration comes from. */
static int log_level_take(struct running *r)
{
	const char *level = option_set_value(&r->args.options, "log_level")->string;
	struct origin origin = {origin_file("--log-level"), 0, 0};

	if (!level)
		return 0;
	log_set_level(log_level_parse(level));
	r->command_line = node_new(NODE_MAP, origin);
	if (!r->command_line)
		return -ENOMEM;
	return node_put_path(r->command_line, "log.level", node_scalar(level, origin));
}

static char *const *list_of(const struct running *r, const char *name)
{
	return option_set_value(&r->args.options, name)->list;
}

static int call_fill(struct running *r)
{
	int q = log_level_take(r);

	if (q < 0)
		return q;
	r->call = (struct cli_call){
		.name = r->page.verb,
		.options = r->args.options,
		.arguments = r->args.arguments,
		.n_arguments = r->args.n_arguments,
		.command = r->args.command,
		.is_verbose = option_set_value(&r->args.options, "verbose")->number,
		.sources = {
			.path = option_set_value(&r->args.options, "config")->string,
			.environment = option_set_value(&r->args.options, "environment")->string,
			.set = list_of(r, "set"),
			.sinks = list_of(r, "sink"),
			.command_line = r->command_line,
		},
	};
	return 0;
}

static int verb_run(struct running *r)
{
	_cleanup_free_ char *why = NULL;
	struct option_table table;
	int q = args_join_tables(&r->page.options, &cli_common_table, &r->rows, &table);

	if (q == 0)
		q = args_parse(&table, r->words, &r->args, &why);
	if (why && args_want_help(r->words))
		return help_print(r);
	if (why)
		return cli_usage_error(r->page.verb, "%s", why);
	if (q == 0)
		q = call_fill(r);
	if (q < 0)
		return fail(q);
	if (option_set_value(&r->args.options, "help")->number)
		return help_print(r);
	return r->host ? r->host->run(&r->call) : cli_run_plugin_verb(r->plugin, &r->call);
}

/* ---- which verb is it ---- */

/*
 * The value of --name in words that nobody has parsed yet, from `from` on; *ret_next gets where to
 * go on. NULL: there is no further one.
 */
static char *peek(char **words, size_t from, const char *name, size_t *ret_next)
{
	size_t len = strlen(name);

	for (size_t i = from; words[i] && !str_equal(words[i], "--"); i++) {
		if (!str_starts(words[i], "--") || strncmp(words[i] + 2, name, len) != 0)
			continue;
		*ret_next = i + 1;
		if (words[i][2 + len] == '=')
			return words[i] + 2 + len + 1;
		if (!words[i][2 + len] && words[i + 1])
			return words[i + 1];
	}
	return NULL;
}

/* --set plugin_dirs=…; other settings may be about instances that only the verb will make. */
static int peek_plugin_dirs(char **words, char ***ret)
{
	size_t next = 0;
	char *set;

	while ((set = peek(words, next, "set", &next))) {
		int q = 0;

		if (str_starts(set, "plugin_dirs=") || str_starts(set, "plugin-dirs="))
			q = strv_append(ret, set);
		if (q < 0)
			return q;
	}
	return 0;
}

/*
 * The plugins as the configuration has them, found before any verb is known. With is_lenient a
 * broken configuration means the default folders: --help must always work.
 */
static int plugins_open(char **words, bool is_lenient, struct registry **ret)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	_cleanup_(config_freep) struct config *c = NULL;
	_cleanup_(strv_freep) char **set = NULL;
	struct config_sources sources = {.has_no_files = true};
	size_t next;
	int q = peek_plugin_dirs(words, &set);

	if (q < 0)
		return fail(q);
	sources.path = peek(words, 0, "config", &next);
	sources.environment = peek(words, 0, "environment", &next);
	sources.set = set;
	q = config_load(&sources, &errors, &c);
	if (q < 0 && is_lenient) {
		sources = (struct config_sources){.path = "/dev/null", .has_no_files = true,
						  .environ = (char *[]){NULL}};
		q = config_load(&sources, NULL, &c);
	}
	if (q < 0)
		return errors.n ? cli_print_errors(&errors) : fail(q);
	q = registry_new(c->plugin_dirs, ret);
	return q < 0 ? fail(q) : EXIT_OK;
}

static int overview_print(char **words, int fd)
{
	_cleanup_(registry_freep) struct registry *plugins = NULL;
	_cleanup_(pages_done) struct page_list list = {};
	_cleanup_(buf_done) struct buf text = {};
	int status = plugins_open(words, true, &plugins);

	if (status != EXIT_OK)
		return status;
	if (pages_collect(plugins, &list) < 0 || help_overview(&list, help_width(fd), &text) < 0)
		return fail(-ENOMEM);
	if (fd == STDOUT_FILENO)
		return cli_print(&text);
	(void)fputs(buf_text(&text), stderr);
	return EXIT_OK;
}

static int unknown_verb(const char *word, struct registry *plugins)
{
	_cleanup_(pages_done) struct page_list list = {};
	_cleanup_free_ const char **names = NULL;
	const char *near, *broken = registry_first_broken(plugins);

	if (pages_collect(plugins, &list) < 0)
		return fail(-ENOMEM);
	names = calloc(list.n + 1, sizeof(*names));
	for (size_t i = 0; names && i < list.n; i++)
		names[i] = list.pages[i].verb;
	near = names ? str_suggest(word, names, list.n) : NULL;
	fprintf(stderr, "hearth: unknown verb \"%s\"", word);
	if (near)
		fprintf(stderr, "; did you mean \"%s\"?", near);
	fputc('\n', stderr);
	if (!near && broken)
		fprintf(stderr, "hearth: a plugin could not be asked for its verbs: %s\n", broken);
	fputs("try 'hearth --help'\n", stderr);
	return EXIT_USAGE;
}

static int plugin_verb_run(const char *word, char **words)
{
	_cleanup_(running_done) struct running r = {.words = words};
	_cleanup_(registry_freep) struct registry *plugins = NULL;
	int status = plugins_open(words, args_want_help(words), &plugins);

	if (status != EXIT_OK)
		return status;
	if (registry_verb(plugins, word, &r.plugin) < 0)
		return unknown_verb(word, plugins);
	r.page = page_of_plugin(r.plugin);
	return verb_run(&r);
}

static int named_verb_run(const char *word, char **words)
{
	for (const struct cli_verb *const *v = cli_verbs; *v; v++) {
		_cleanup_(running_done) struct running r = {.words = words, .host = *v};

		if (!str_equal((*v)->name, word))
			continue;
		r.page = page_of_host(*v);
		return verb_run(&r);
	}
	return plugin_verb_run(word, words);
}

static int dispatch(char **argv)
{
	static char help[] = "--help", *only_help[] = {help, NULL};
	const char *word = argv[0];

	if (!word) {
		int status = overview_print(argv, STDERR_FILENO);

		return status == EXIT_OK ? EXIT_USAGE : status;
	}
	if (str_equal(word, "help") && argv[1])
		return named_verb_run(argv[1], only_help);
	if (str_equal(word, "--help") || str_equal(word, "-h") || str_equal(word, "help"))
		return overview_print(argv + 1, STDOUT_FILENO);
	if (str_equal(word, "--version") || str_equal(word, "-V"))
		return named_verb_run("version", argv + 1);
	if (*word == '-') {
		fprintf(stderr, "hearth: the verb comes first: hearth VERB %s\ntry 'hearth --help'\n", word);
		return EXIT_USAGE;
	}
	return named_verb_run(word, argv + 1);
}

/* A process may be born without 0, 1 and 2; then the first file would become its stdout. */
static void standard_fds_open(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

/* What an earlier write failed with is forgotten by then, but a pipe without a reader says so. */
static bool reader_is_gone(void)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	return poll(&p, 1, 0) == 1 && p.revents & (POLLERR | POLLHUP);
}

/* A full disk must not look like success; a reader that went away is its own business. */
static int output_close(int status)
{
	int error = ferror(stdout) ? EIO : 0;

	if (fflush(stdout) != 0)
		error = errno;
	if (!error || error == EPIPE || reader_is_gone())
		return status;
	log_error("cannot write the output: %s", strerror(error));
	return status == EXIT_OK ? EXIT_FAILED : status;
}

int cli_run(int argc, char **argv)
{
	standard_fds_open();
	return output_close(dispatch(argc > 0 ? argv + 1 : argv));
}
