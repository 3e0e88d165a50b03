/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: one table of verbs gives parsing, --help, man pages and completion. Host
 * verbs are rows of cli_verbs[]; a word that is none of them is looked for among the verbs that
 * plugins declare, which go through the same parser.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <hearth/plugin.h>

#include "cli/exit.h"
#include "config/config.h"
#include "config/option.h"

struct cli_call;

struct cli_verb {
	const char *name, *summary, *arguments, *description;
	const struct hearth_option *options;
	size_t n_options;
	bool is_hidden;                    /* `helper`, `launch`: for hearth itself */
	int (*run)(struct cli_call *call); /* returns an exit status */
};

/* A parsed command line. */
struct cli_call {
	const char *name;              /* of the verb */
	struct option_set options;     /* of the verb and the common ones, all in one table */
	char **arguments;              /* before "--", NULL-ended */
	size_t n_arguments;
	char **command;                /* after "--"; NULL: there was no "--" */
	struct config_sources sources; /* from --config, --environment, --set, --sink */
	bool is_verbose;
};

extern const struct cli_verb *const cli_verbs[]; /* NULL-ended */

/*
 * Options that every verb has: --config, --environment, --set, --sink, --log-level, --verbose,
 * --help. A verb that declares one of these names itself gets its own row instead; a repeated
 * option `set` or `sink` of its own still ends in `sources`.
 */
extern const struct option_table cli_common_table;

/* main() without main: returns the exit status. */
int cli_run(int argc, char **argv);

/* Host verbs, one file each. */
extern const struct cli_verb cli_agent, cli_check, cli_config, cli_status, cli_reload, cli_plugins,
	cli_doctor, cli_version, cli_helper, cli_launch, cli_check_create;

/*
 * Runs a verb that a plugin declares (run/verb.c): `plan` → a run of this process; `call` → its
 * exit status.
 */
struct verb;
int cli_run_plugin_verb(const struct verb *verb, struct cli_call *call);

/*
 * Prints a usage error and "try 'hearth VERB --help'" on stderr, returns EXIT_USAGE. For what only
 * the verb itself can judge.
 */
int cli_usage_error(const char *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Prints warnings and errors of a configuration on stderr; returns EXIT_CONFIG if there is one. */
int cli_print_errors(const struct config_errors *e);
/*
 * config_load() with the sources of the call; what is wrong has been printed. Returns an exit
 * status, EXIT_OK with *ret.
 */
int cli_load_config(const struct cli_call *call, struct config **ret);
/* Prints the text on stdout; EXIT_OK, or EXIT_FAILED with a message. */
struct buf;
int cli_print(const struct buf *text);
