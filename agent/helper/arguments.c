/* SPDX-License-Identifier: Apache-2.0 */
/* A helper gets no environment, so what it has to know of ours is among its words. */
#include "helper/arguments.h"

#include <errno.h>
#include <stddef.h>

#include "util/cleanup.h"
#include "util/str.h"

/* "hearth", "helper" and the name of one. */
static int argv_new(const char *name, char ***ret)
{
	const char *const words[] = { "hearth", "helper", name };
	_cleanup_(strv_freep) char **argv = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		int r = strv_append(&argv, words[i]);

		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(argv);
	return 0;
}

int arguments_of_opener(const struct helper_options *options, char ***ret)
{
	_cleanup_(strv_freep) char **argv = NULL;
	_cleanup_free_ char *perf_store = NULL;
	int r;

	r = argv_new("opener", &argv);
	if (r < 0)
		return r;
	if (options->home && options->home[0] == '/') {
		perf_store = str_format("%s/.debug", options->home);
		r = perf_store ? strv_append(&argv, perf_store) : -ENOMEM;
		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(argv);
	return 0;
}

int arguments_of_inspector(const struct helper_options *options, char ***ret)
{
	_cleanup_(strv_freep) char **argv = NULL;
	int r;

	r = argv_new("inspector", &argv);
	for (char *const *dir = options->plugin_dirs; r >= 0 && dir && *dir; dir++)
		r = strv_append(&argv, *dir);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(argv);
	return 0;
}
