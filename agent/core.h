/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every process of Hearth that samples has, an agent as well as a `record`: the main loop
 * with its mailbox, loaded plugins, helpers, the watchdog over all callbacks, the overhead
 * budget and the kill switch. Main thread only.
 */
#pragma once

#include <stdbool.h>

#include "config/config.h"
#include "helper/helpers.h"
#include "loop/loop.h"
#include "plugin/loader.h"
#include "route/queue.h"
#include "run/budget.h"
#include "run/pipeline.h"

#define KILL_SWITCH_PATH "/run/hearth/off"

struct agent;
struct core;

struct core_options {
	const struct config *config; /* folders, thresholds, labels; read during core_new() only */
	struct agent *agent;         /* whose runs plugins may start; NULL: nobody's */
	/* The kill switch came or went; polled each second. */
	void (*on_off)(void *ctx, bool is_off);
	void *ctx;
};

int core_new(const struct core_options *options, struct core **ret);
struct core *core_free(struct core *c); /* NULL */
DEFINE_CLEANUP(struct core *, core_free)

struct loop *core_loop(const struct core *c);
struct queue *core_main(const struct core *c);
struct registry *core_registry(const struct core *c);
struct helpers *core_helpers(const struct core *c);
const struct budget *core_budget(const struct core *c);
const char *core_state_dir(const struct core *c);
uint64_t core_drain_ns(const struct core *c);
bool core_is_off(const struct core *c);

/* service.name, host.name and what the config says; the pointers live as long as c. */
const struct hearth_label *core_labels(const struct core *c, size_t *ret_n);

/* The watchdog and the budget look after a pipeline until it is forgotten. At most 64. */
int core_watch(struct core *c, struct pipeline *p);
void core_forget(struct core *c, struct pipeline *p);

/* hearth_host.service for pipelines; ctx is the core. [any thread] */
const void *core_service(void *ctx, const char *id);

/* True once a callback was abandoned: then leave by _exit(). */
bool core_has_stuck(const struct core *c);
