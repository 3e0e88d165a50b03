/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way through one helper: a queue, and one request at a time at the process. One at a time
 * because then it is known which file hung or killed it. Belongs to the loop's thread.
 */
#pragma once

#include <stdbool.h>

#include "helper/process.h"
#include "helper/request.h"

struct lane;

/*
 * What a lane does with the requests of one kind. "Gone": answered and freed, or moved to another
 * lane.
 */
struct lane_stage {
	/* False: it is gone and needs no process. */
	bool (*prepare)(void *ctx, struct request *r);
	/* Fills and sends the message; header has type 0 and the id. */
	int (*send)(void *ctx, struct request *r, struct helper_process *p,
		    struct message_header *header);
	/* A message for it; true: it is gone. May take fds of m. */
	bool (*receive)(void *ctx, struct request *r, struct message *m);
	/* It was at the process when that died by itself, or hung; `how` says so. */
	void (*blame)(void *ctx, struct request *r, const char *how);
};

struct lane_options {
	struct helper_process_options process; /* callbacks are the lane's */
	const struct lane_stage *stages;       /* by request_kind; those without send never come */
	bool is_for_one;                       /* each request gets a process of its own */
	uint64_t hang_ns;                      /* a request longer than this at the process hangs it */
	void *ctx;
};

int lane_new(struct loop *loop, const struct lane_options *options, struct lane **ret);
/* Answers everything -ECANCELED. NULL */
struct lane *lane_free(struct lane *l);
DEFINE_CLEANUP(struct lane *, lane_free)

/* Takes r; nothing is sent before lane_pump. */
void lane_push(struct lane *l, struct request *r);
/* Sends what can be sent. */
void lane_pump(struct lane *l);
/* Every 50 ms while the lane is busy: deadlines, hangs, restarts that were waiting. */
void lane_tick(struct lane *l, uint64_t now_ns);
bool lane_is_busy(const struct lane *l);
/* Works on until nothing is left to do or it is deadline_ns, without the loop. */
void lane_finish(struct lane *l, uint64_t deadline_ns);
uint64_t lane_ended_cpu_ns(const struct lane *l); /* of its processes that have ended */
pid_t lane_pid(const struct lane *l); /* [any thread] */
