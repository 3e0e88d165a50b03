/* SPDX-License-Identifier: Apache-2.0 */
/* The host reads its own keys through an option table, like any plugin: one table, one truth. */
#include "config/host.h"

#include <errno.h>

#include "config/flatten.h"
#include "config/paths.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"
#include "util/sys.h"

#define SECONDS(n) ((int64_t)((n) * NS_PER_S))

static const struct hearth_option rows[] = {
	{"service", NULL, "name of the service that runs here; a label of every profile",
	 .type = HEARTH_STRING},
	{"service_version", NULL, "its version", .type = HEARTH_STRING},
	{"labels", NULL, "further labels of every profile", .type = HEARTH_MAP},
	{"environment", NULL, "lays environments/NAME.yaml over this file", .type = HEARTH_STRING},
	{"log.level", "info", "what is worth a line", .choices = "error|warning|notice|info|debug",
	 .type = HEARTH_CHOICE},
	{"log.target", "auto", "where lines go; auto: the journal under systemd, else stderr",
	 .choices = "auto|journal|stderr|file", .type = HEARTH_CHOICE},
	{"log.file", NULL, "path of the log file; sets log.target to file", .type = HEARTH_STRING},
	{"overhead.max_cpu", NULL,
	 "budget for Hearth's own work, in parts of one CPU; sources lower their rate to keep it",
	 .max = 10000000, .type = HEARTH_PERCENT},
	{"plugin_dirs", NULL, "folders with plugins, the first one wins", .type = HEARTH_LIST},
	{"state_dir", NULL, "folder for what must survive a restart", .type = HEARTH_STRING},
	{"runtime_dir", NULL, "folder for the status socket", .type = HEARTH_STRING},
	{"cache_dir", NULL, "folder for what may be deleted at any time", .type = HEARTH_STRING},
	{"symbols.cache_size", "512MiB",
	 "bytes that tables of symbols may take in cache_dir; 0: none are kept", .type = HEARTH_BYTES},
	{"shutdown_deadline", "10s", "time for instances to complete their output at the end",
	 .min = NS_PER_MS, .max = SECONDS(3600), .type = HEARTH_DURATION},
	{"callback.report", "5s", "a callback that takes longer is named in the log", .min = NS_PER_MS,
	 .max = SECONDS(3600), .type = HEARTH_DURATION},
	{"callback.stuck", "30s", "a callback that takes longer is given up, and its instance with it",
	 .min = NS_PER_MS, .max = SECONDS(3600), .type = HEARTH_DURATION},
};

const struct option_table config_host_table = {rows, ARRAY_SIZE(rows), sizeof(rows[0])};

static int text_take(const struct option_set *s, const char *name, char **ret)
{
	const char *text = option_set_value(s, name)->string;

	if (!text)
		return 0;
	*ret = str_format("%s", text);
	return *ret ? 0 : -ENOMEM;
}

/* A path as written, made absolute; *ret stays as it is if the option is not set. */
static int path_take(const struct option_set *s, const char *name, char **ret)
{
	const struct option_value *v = option_set_value(s, name);

	return v->is_set ? path_resolve(v->string, v->origin, ret) : 0;
}

static int labels_take(const struct option_set *s, struct config *c)
{
	const struct option_value *v = option_set_value(s, "labels");

	c->labels = sys_alloc(v->n_map + 1, sizeof(*c->labels));
	if (!c->labels)
		return -ENOMEM;
	for (size_t i = 0; i < v->n_map; i++, c->n_labels++) {
		_cleanup_free_ char *key = str_format("%s", v->map[i].key);
		_cleanup_free_ char *value = str_format("%s", v->map[i].value);

		if (!key || !value)
			return -ENOMEM;
		c->labels[i] = (struct hearth_label){TAKE_PTR(key), TAKE_PTR(value)};
	}
	return 0;
}

static int plugin_dirs_take(const struct option_set *s, struct config *c)
{
	const struct option_value *v = option_set_value(s, "plugin_dirs");

	if (!v->is_set)
		return path_plugin_dirs_default(&c->plugin_dirs);
	for (size_t i = 0; i < v->n_list; i++) {
		_cleanup_free_ char *path = NULL;
		int r = path_resolve(v->list[i], v->origin, &path);

		if (r == 0)
			r = strv_append(&c->plugin_dirs, path);
		if (r < 0)
			return r;
	}
	return 0;
}

static int log_take(const struct option_set *s, struct config *c, struct config_errors *errors)
{
	static const char *const targets[] = {
		[LOG_TARGET_AUTO] = "auto", [LOG_TARGET_STDERR] = "stderr",
		[LOG_TARGET_JOURNAL] = "journal", [LOG_TARGET_FILE] = "file",
	};
	const struct option_value *target = option_set_value(s, "log.target");
	int r = path_take(s, "log.file", &c->log_file);

	if (r < 0)
		return r;
	c->log_level = log_level_parse(option_set_value(s, "log.level")->string);
	for (int i = 0; i < (int)ARRAY_SIZE(targets); i++)
		if (str_equal(targets[i], target->string))
			c->log_target = i;
	if (target->is_default && c->log_file)
		c->log_target = LOG_TARGET_FILE;
	if (c->log_target == LOG_TARGET_FILE && !c->log_file)
		return config_error(errors, target->origin, "log.target is file, and log.file does not say which");
	return 0;
}

static int times_take(const struct option_set *s, struct config *c, struct config_errors *errors)
{
	const struct option_value *stuck = option_set_value(s, "callback.stuck");
	const struct option_value *report = option_set_value(s, "callback.report");

	c->shutdown_deadline_ns = (uint64_t)option_set_value(s, "shutdown_deadline")->number;
	c->callback_report_ns = (uint64_t)report->number;
	c->callback_stuck_ns = (uint64_t)stuck->number;
	if (stuck->number < report->number)
		return config_error(errors, stuck->is_default ? report->origin : stuck->origin,
				    "callback.stuck must not be shorter than callback.report");
	return 0;
}

static int fields_take(const struct option_set *s, struct config *c, char *const *variables,
		       struct config_errors *errors)
{
	int r = text_take(s, "service", &c->service);

	if (r == 0)
		r = text_take(s, "service_version", &c->service_version);
	if (r == 0)
		r = labels_take(s, c);
	if (r == 0)
		r = plugin_dirs_take(s, c);
	if (r == 0)
		r = path_take(s, "state_dir", &c->state_dir);
	if (r == 0 && !c->state_dir)
		r = path_state_default(variables, &c->state_dir);
	if (r == 0)
		r = path_take(s, "runtime_dir", &c->runtime_dir);
	if (r == 0 && !c->runtime_dir)
		r = path_runtime_default(variables, &c->runtime_dir);
	if (r == 0)
		r = path_take(s, "cache_dir", &c->cache_dir);
	if (r == 0 && !c->cache_dir)
		r = path_cache_default(variables, &c->cache_dir);
	c->symbols_cache_bytes = (uint64_t)option_set_value(s, "symbols.cache_size")->number;
	c->max_cpu = option_set_value(s, "overhead.max_cpu")->number;
	if (r == 0)
		r = log_take(s, c, errors);
	return r < 0 ? r : times_take(s, c, errors);
}

int host_read(struct config *c, char *const *variables, struct config_errors *errors)
{
	static const char *const reserved[] = {"plugins", NULL};
	_cleanup_(option_set_freep) struct option_set *s = NULL;
	_cleanup_(node_freep) struct node *flat = NULL;
	int r;

	r = node_flatten(c->tree, &config_host_table, NULL, errors, &flat);
	if (r == 0)
		r = option_set_new(&config_host_table, flat, NULL, reserved, false, errors, &s);
	return r < 0 ? r : fields_take(s, c, variables, errors);
}
