/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One helper process as the host sees it: spawned when it is first needed, watched by pidfd,
 * replaced when it dies. The first replacement comes at once, further ones after 1 s, 2 s … 60 s;
 * a process that lived for a minute has earned a fresh start. Belongs to the thread of its loop.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "helper/protocol.h"
#include "loop/loop.h"

struct helper_process;

struct helper_process_options {
	const char *name;       /* "opener"; for messages */
	const char *cost;       /* of its death; for messages */
	const char *executable;
	char *const *argv;      /* NULL-ended, copied */
	void (*on_message)(void *ctx, struct message *m); /* may take fds; others are closed */
	/* It has died or was killed; how: "was killed by signal 9 (Killed)". */
	void (*on_death)(void *ctx, const char *how, int signal);
	void *ctx;
};

int helper_process_new(struct loop *loop, const struct helper_process_options *options,
		       struct helper_process **ret);
/* Kills it; waits at most a second for its end. NULL */
struct helper_process *helper_process_free(struct helper_process *p);
DEFINE_CLEANUP(struct helper_process *, helper_process_free)

/*
 * Spawns it unless it runs. -EAGAIN: it died too often, and *ret_retry_ns is when it may be tried
 * again (CLOCK_MONOTONIC); the last error of spawning counts as a death.
 */
int helper_process_ensure(struct helper_process *p, uint64_t *ret_retry_ns);

/* -ENOTCONN: it does not run; otherwise as message_send. Never blocks. */
int helper_process_send(struct helper_process *p, const struct message_header *header,
			const void *payload, size_t len, const int *fds, size_t n_fds);

/* It has done its work: the next one is started at once when it is needed. on_death is not called. */
void helper_process_retire(struct helper_process *p);

/* For one that hangs: SIGKILL, and on_death before this returns. */
void helper_process_kill(struct helper_process *p, const char *how);

/* Waits for a message or its end, at most timeout_ms, and acts on it: for when the loop does not run. */
void helper_process_wait(struct helper_process *p, int timeout_ms);

/* CPU time of all its processes that have ended. */
uint64_t helper_process_ended_cpu_ns(const struct helper_process *p);

/* 0: not running. [any thread] */
pid_t helper_process_pid(const struct helper_process *p);
