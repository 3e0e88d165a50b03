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

/* Options that every verb has: --config, --environment, --set, --log-level, --verbose, --help. */
extern const struct hearth_option cli_common_options[];
extern const size_t cli_n_common_options;

/* main() without main: returns the exit status. */
int cli_run(int argc, char **argv);

/* Host verbs, one file each. */
extern const struct cli_verb cli_agent, cli_check, cli_config, cli_status, cli_reload, cli_plugins,
	cli_doctor, cli_version, cli_helper, cli_launch;

/*
 * Runs a verb that a plugin declares (run/verb.c): `plan` → a run of this process; `call` → its
 * exit status.
 */
struct verb;
int cli_run_plugin_verb(const struct verb *verb, struct cli_call *call);

/* The same tables as text, for build and install: `hearth version --man VERB` … are hidden. */
struct buf;
int cli_help_write(struct buf *out, const char *verb_name, const char *summary,
		   const char *arguments, const char *description, const struct option_table *options,
		   bool is_tty);
