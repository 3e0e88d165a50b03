/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command line by an option table, the GNU way: --name=value, --name value, -x value, -xvalue,
 * bundled flags, --no-name for flags, options and arguments in any order, "--" before a command.
 */
#pragma once

#include "config/option.h"

struct args {
	struct option_set options; /* parallel to the table; defaults filled in */
	char **arguments;          /* NULL-ended, owned; the strings are argv's */
	size_t n_arguments;
	char **command;            /* what follows "--", in argv; NULL: there was no "--" */
};

/*
 * Reads argv (NULL-ended, without the verb). The table is borrowed and must outlive ret. -EINVAL
 * with an allocated sentence that names the option as it was written; -ENOMEM.
 */
int args_parse(const struct option_table *t, char **argv, struct args *ret, char **ret_why);
void args_done(struct args *a);

/* True if `--help` (or -h, if that is its letter) stands before "--". */
bool args_want_help(char *const *argv);

/* "shutdown_deadline" → "--shutdown-deadline", appended. */
struct buf;
int args_option_name(const struct hearth_option *row, struct buf *out);

/*
 * The rows of `own`, then those of `common` whose names `own` does not use; a letter that is taken
 * is not given twice. *ret is one allocation.
 */
int args_join_tables(const struct option_table *own, const struct option_table *common,
		     struct hearth_option **ret, struct option_table *ret_table);
