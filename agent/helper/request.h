/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question on its way through the helpers. It carries its failure answer from the start, so
 * that being answered never depends on memory.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/inspect.h>

#include "helper/helpers.h"
#include "helper/protocol.h"
#include "helper/symbol_store.h"
#include "util/buf.h"

enum request_kind {
	REQUEST_OPEN = 0,
	REQUEST_NAMES,
	REQUEST_KERNEL,
	REQUEST_CODE,  /* OPEN of a perf map */
	REQUEST_DEBUG, /* what OPEN becomes when the file is stripped */
	REQUEST_RECORDED, /* OPEN of what a recording tells of */
	REQUEST_STORE, /* makes a table that names can be read from another time */
	REQUEST_UNWIND,
	REQUEST_KINDS,
};

/* What is looked for, by path and build id, and what came of it so far. */
struct recorded_search {
	uint8_t build_id[HELPER_MAX_BUILD_ID];
	uint32_t build_id_len;
	uint64_t kernel_text;   /* 0: no kernel */
	unsigned int place;     /* where to look next */
	int path_status;        /* of the file at its path: 0, or why it was not opened */
	bool is_store_asked;    /* the stored tables come behind debug files */
	bool is_other_build;    /* the file there is another one, and its build id is: */
	uint8_t other[HELPER_MAX_BUILD_ID];
	uint32_t other_len;
};

struct request {
	struct request *next; /* in the one list or queue that it is in */
	enum request_kind kind;
	uint64_t id;          /* of the message that is under way for it */
	uint64_t deadline_ns;
	helper_answer_fn fn;  /* NULL: nobody waits, yet or any more; what comes is thrown away */
	void *ctx;
	struct helper_answer *failure;
	struct helper_answer *fallback; /* DEBUG: goes out in place of any failure */

	struct hearth_inspect_target target; /* OPEN; path is in `text` */
	struct recorded_search recorded; /* RECORDED, beside the path of target */
	unsigned int debug_place; /* DEBUG: where to look next, */
	int debug_fd;         /* and what was found; -1: nothing yet */
	struct symbol_entry *entry; /* STORE: what it is written to */
	uint64_t handle;      /* NAMES, STORE, and OPEN once the file is open */
	uint32_t n_addresses; /* NAMES, KERNEL */
	uint32_t n_answered;
	uint64_t moved;       /* NAMES: by how much addresses were lowered to be those of the file */
	uint64_t *addresses;  /* n_addresses, preceded by the handle: as MESSAGE_NAMES wants them */
	int samples_fd;       /* UNWIND: what is asked (unwind_wire.h), -1: not written; */
	uint32_t n_samples, n_rounds; /* and how often it was sent */
	uint64_t *wanted;     /* UNWIND: files to be handed over first, from the last one on, */
	uint32_t n_wanted;    /* and how many are left */
	struct buf records;   /* of the answer, as far as it has come */
	char *text;
	size_t bytes;         /* what it costs, */
	size_t *bytes_under_way; /* added here while it is under way (atomic); NULL: not yet */
};

/* Nobody waits for it until fn and ctx are set. */
int request_new(enum request_kind kind, struct request **ret);
int request_set_target(struct request *r, const struct hearth_inspect_target *target);
int request_set_recorded(struct request *r, const struct hearth_inspect_recorded *recorded);
int request_set_addresses(struct request *r, uint64_t handle, const uint64_t *addresses, uint32_t n);
struct request *request_free(struct request *r); /* NULL. Whoever still waits is answered -ECANCELED */
DEFINE_CLEANUP(struct request *, request_free)

/* The first answer counts. Takes a. */
void request_answer(struct request *r, struct helper_answer *a);
void request_fail(struct request *r, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

struct request_queue {
	struct request *first, **last; /* last NULL: empty */
};

void request_queue_push(struct request_queue *q, struct request *r);
void request_queue_push_front(struct request_queue *q, struct request *r);
struct request *request_queue_pop(struct request_queue *q); /* NULL: empty */
/* Moves those whose deadline is over from q to expired, in order. */
void request_queue_expire(struct request_queue *q, uint64_t now_ns, struct request_queue *expired);
