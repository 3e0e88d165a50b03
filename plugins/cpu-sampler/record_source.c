/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words that perf's users know become options of cpu-sampler; what only it understands is refused
 * for another source, instead of being dropped without a word.
 */
#include "record_source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "settings.h"

int record_refuse_word(const struct hearth_verb_call *c, const char *option, const char *word,
		       const char *why)
{
	char text[256];

	snprintf(text, sizeof(text), "\"%s\": %s; write NAME or NAME:option=value,…", word, why);
	return c->refuse(c, option, text);
}

int record_is_of_command(const struct hearth_verb_call *c)
{
	size_t n_pids, n_cgroups;

	(void)c->option_list(c, "pids", &n_pids);
	(void)c->option_list(c, "cgroup", &n_cgroups);
	return c->command && !c->option_int(c, "all_cpus") && n_pids == 0 && n_cgroups == 0;
}

/* ---- how often ---- */

/* The kernel may allow more than the sampler takes. */
static int most_hz(const struct hearth_verb_call *c, int64_t *ret)
{
	int64_t max;

	if (!sysctl_read(SETTINGS_MAX_RATE_PATH, &max) || max < 1)
		return c->refuse(c, "frequency", "\"max\" needs " SETTINGS_MAX_RATE_PATH ", which this "
				 "kernel does not show; give a number");
	*ret = max < SETTINGS_MAX_HZ ? max : SETTINGS_MAX_HZ;
	return 0;
}

static int read_frequency(const struct hearth_verb_call *c, int64_t *ret)
{
	const char *text = c->option_string(c, "frequency");
	char why[160], *end;
	int64_t hz;

	if (strcmp(text, "max") == 0)
		return most_hz(c, ret);
	errno = 0;
	hz = strtoll(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || hz < 1 || hz > SETTINGS_MAX_HZ) {
		snprintf(why, sizeof(why), "\"%.40s\" is neither a number of Hz, 1 to %d, nor \"max\"",
			 text, SETTINGS_MAX_HZ);
		return c->refuse(c, "frequency", why);
	}
	*ret = hz;
	return 0;
}

/* Samples are counted window by window, so that enough of them are noticed only at an end. */
static int64_t window_ns(const struct hearth_verb_call *c)
{
	const int64_t longest = 500000000, window = c->option_int(c, "window");

	return c->option_is_set(c, "min_samples") && window > longest ? longest : window;
}

static int add_times(const struct hearth_verb_call *c, struct overlay *o)
{
	char text[32];
	int64_t hz = 0;
	int r = read_frequency(c, &hz);

	if (r < 0)
		return r;
	snprintf(text, sizeof(text), "%" PRId64, hz);
	r = overlay_set(o, "cpu-sampler", "frequency", text);
	if (r < 0)
		return r;
	snprintf(text, sizeof(text), "%" PRId64 "ms", window_ns(c) / 1000000);
	return overlay_set(o, "cpu-sampler", "window", text);
}

/* ---- whom and when ---- */

static int add_pids(const struct hearth_verb_call *c, struct overlay *o)
{
	size_t n;
	const char *const *pids = c->option_list(c, "pids", &n);

	if (n && c->option_int(c, "all_cpus"))
		return c->refuse(c, "pids", "names processes and --all-cpus means all of them; leave "
				 "one of the two out");
	return n ? overlay_set_list(o, "cpu-sampler", "pids", pids, n) : 0;
}

/* perf wants -a beside a cgroup; here it is allowed and says nothing more. */
static int add_cgroups(const struct hearth_verb_call *c, struct overlay *o)
{
	size_t n;
	const char *const *cgroups = c->option_list(c, "cgroup", &n);

	return n ? overlay_set_list(o, "cpu-sampler", "cgroups", cgroups, n) : 0;
}

static int add_mode(const struct hearth_verb_call *c, struct overlay *o)
{
	int only_kernel = c->option_int(c, "kernel_only") != 0;
	int only_user = c->option_int(c, "user_only") != 0, r;

	if (only_kernel && only_user)
		return c->refuse(c, "user_only", "and --kernel-only leave nothing to sample; give one "
				 "of the two");
	if (!only_kernel && !only_user)
		return 0;
	r = overlay_set(o, "cpu-sampler", "mode", only_kernel ? "kernel" : "user");
	if (r == 0)
		r = overlay_set(o, "cpu-sampler", only_kernel ? "user_stacks" : "kernel_stacks",
				"false");
	return r;
}

static int add_sampler(const struct hearth_verb_call *c, struct overlay *o)
{
	int r = add_times(c, o);

	if (r == 0)
		r = add_pids(c, o);
	if (r == 0)
		r = add_cgroups(c, o);
	return r == 0 ? add_mode(c, o) : r;
}

/* ---- another source ---- */

static const char *own_option(const struct hearth_verb_call *c)
{
	static const char *const lists[] = { "pids", "cgroup" };
	static const char *const flags[] = { "kernel_only", "user_only" };
	size_t n;

	if (strcmp(c->option_string(c, "frequency"), RECORD_FREQUENCY) != 0)
		return "frequency";
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (c->option_list(c, lists[i], &n) && n)
			return lists[i];
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (c->option_int(c, flags[i]))
			return flags[i];
	return NULL;
}

int record_add_source(const struct hearth_verb_call *c, struct overlay *o)
{
	const char *source = c->option_string(c, "source"), *own, *why = NULL;
	int r;

	if (!source)
		return add_sampler(c, o);
	own = own_option(c);
	if (own)
		return c->refuse(c, own, "belongs to cpu-sampler; give options of another source as "
				 "--source NAME:option=value");
	if (record_is_of_command(c))
		return c->refuse(c, "source", "only cpu-sampler can follow a command; with --all-cpus "
				 "another source records while the command runs");
	r = overlay_add_word(o, source, &why);
	return r == -EINVAL ? record_refuse_word(c, "source", source, why) : r;
}
