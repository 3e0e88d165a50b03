/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The helper processes behind hearth.inspect/1: spawned by exec of this executable,
 * supervised, restarted with back-off, asked over seqpacket sockets. The opener opens files of
 * other processes and parses nothing; the inspector parses what it is handed and can open
 * nothing; the unwinder is another inspector, for stacks only. Each may die at any moment: requests
 * under way answer -ECONNRESET with a cause.
 *
 * Requests are [any thread]; answers come on the thread of `loop`, never from within a request.
 * A request that was taken (0) is answered exactly once, at the latest after 2 s (-ETIMEDOUT) or
 * when the helpers are freed (-ECANCELED). Not taken: -EINVAL; -EAGAIN, 16 MiB of requests are
 * under way; -ENOMEM. Everything but the requests belongs to the loop's thread.
 *
 * A file that hung or killed a helper is left alone for 10 s and ever longer, one that could not
 * be opened for 10 s: such answers come at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <hearth/inspect.h>

#include "helper/symbol_store.h"
#include "loop/loop.h"

struct helpers;

struct helper_options {
	const char *executable;   /* NULL: /proc/self/exe */
	char *const *plugin_dirs; /* where inspector.so is looked for; copied */
	const char *cache_dir;    /* where the folder of stored tables is (symbol_store.h) */
	uint64_t symbols_max_bytes; /* of that; 0: there is none */
	const char *home;         /* of the user whose perf keeps programs in .debug there; NULL */
};

/* One allocation that holds everything the answer points to. free() it. */
struct helper_answer {
	struct hearth_inspected inspected; /* of helpers_open */
	struct hearth_named named;         /* of helpers_names and helpers_kernel */
	struct hearth_unwound unwound;     /* of helpers_unwind */
};

/* Takes answer; may ask again, must not free the helpers. */
typedef void (*helper_answer_fn)(void *ctx, struct helper_answer *answer);

/* Helpers are spawned at the first request, never earlier. */
int helpers_new(struct loop *loop, const struct helper_options *options, struct helpers **ret);
/* Kills and reaps the processes. Waits at most a second for tables that are being stored. NULL */
struct helpers *helpers_free(struct helpers *h);
DEFINE_CLEANUP(struct helpers *, helpers_free)

int helpers_open(struct helpers *h, const struct hearth_inspect_target *t, helper_answer_fn fn,
		 void *ctx);
int helpers_open_recorded(struct helpers *h, const struct hearth_inspect_recorded *t,
			  helper_answer_fn fn, void *ctx);
int helpers_names(struct helpers *h, uint64_t handle, const uint64_t *addresses, uint32_t n,
		  helper_answer_fn fn, void *ctx);
int helpers_kernel(struct helpers *h, const uint64_t *addresses, uint32_t n, helper_answer_fn fn,
		   void *ctx);

int helpers_unwind(struct helpers *h, const struct hearth_unwind_request *request,
		   helper_answer_fn fn, void *ctx);

/* For status and overhead: 0 where a process is not running. [any thread] */
void helpers_pids(const struct helpers *h, pid_t *ret_opener, pid_t *ret_inspector);

/* CPU time of helper processes that have ended. */
uint64_t helpers_ended_cpu_ns(const struct helpers *h);

/* The folder of stored tables below cache_dir; the caller's to free, NULL without memory. */
char *helpers_symbols_folder(const char *cache_dir);
/* False: tables are not stored. */
bool helpers_symbol_stats(const struct helpers *h, struct symbol_store_stats *ret);

/*
 * What `hearth helper opener|inspector` runs; the socket is fd 3. Returns an exit status. The
 * inspector's code is loaded by the caller: this layer loads no plugins.
 */
struct hearth_inspector;
int helper_opener_main(const char *perf_store); /* NULL: there is none */
int helper_inspector_main(struct hearth_inspector *inspector);
