/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole configuration: files in the order of precedence → one tree with provenance → the
 * host's own settings and a list of instances whose options nobody has checked yet (that needs
 * their plugins: plugin/, agent.c).
 *
 * Order, later wins: built-in defaults < hearth.yaml < environments/<name>.yaml < the files
 * of conf.d (by name) < HEARTH_* < command line < control overlay.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/plugin.h>

#include "config/error.h"
#include "config/node.h"
#include "config/option.h"

/* Where configuration comes from. Everything is borrowed; NULL means "not given". */
struct config_sources {
	const char *path;         /* --config; NULL: HEARTH_CONFIG, else <sysconfdir>/hearth/hearth.yaml */
	const char *environment;  /* --environment */
	char *const *set;         /* "plugin.option=value", NULL-ended */
	char *const *sinks;       /* "name:option=value,option=value", NULL-ended */
	const struct node *command_line; /* a tree that verbs made of their options */
	const char *overlay;      /* YAML text of a controller, or of a run */
	bool is_run_overlay;      /* a run's: it may add instances. Else it may only enable, disable
				     and set options of instances that are configured */
	bool has_no_files;        /* a verb that runs in a process of its own (record): the files
				     give labels, service, environment, plugin_dirs and log only, one
				     that cannot be read is a warning; the overlay is what the verb
				     made of its options, so the command line comes after it */
	char *const *environ;     /* NULL: the process's */
};

/* An entry of `plugins:`. */
struct instance_config {
	char *name;           /* key in the config */
	char *plugin;         /* type; same as name unless `plugin:` says otherwise */
	bool is_enabled, is_optional;
	int log_level;        /* -1: the host's */
	char **inputs;        /* NULL-ended; NULL: inferred */
	struct origin inputs_origin;
	bool is_of_overlay;   /* the overlay names it: of a run, its instances */
	uint64_t queue_bytes; /* per route, default 8 MiB */
	struct node *node;    /* its map, host keys included; borrowed from config.tree */
	struct origin origin;
};

struct config {
	struct node *tree;      /* merged */
	char *path;             /* hearth.yaml as opened; NULL: none was there */
	char *environment;      /* NULL: none */
	char *service, *service_version;
	struct hearth_label *labels; /* of `labels:` */
	size_t n_labels;
	char **plugin_dirs;     /* absolute, in order */
	char *state_dir, *runtime_dir, *cache_dir;
	uint64_t symbols_cache_bytes; /* 0: none are kept */
	int log_level, log_target; /* enum log_target */
	char *log_file;
	int64_t max_cpu;        /* overhead.max_cpu in millionths of one CPU; 0: no budget */
	uint64_t shutdown_deadline_ns, callback_report_ns, callback_stuck_ns;
	struct instance_config *instances;
	size_t n_instances;
};

/* 0, -EINVAL with messages, or -errno. *ret is set only on success. */
int config_load(const struct config_sources *sources, struct config_errors *errors,
		struct config **ret);
struct config *config_free(struct config *c); /* NULL */
DEFINE_CLEANUP(struct config *, config_free)

/* Keys of an instance's map that are the host's: plugin, enabled, inputs, queue, log. */
extern const char *const config_reserved_keys[];

/*
 * Option tables of the host's own keys, at the top and in an entry of `plugins:`, for parsing, docs
 * and JSON schema. A dot in a name is a map: "log.level".
 */
extern const struct option_table config_host_table;
extern const struct option_table config_instance_table;
