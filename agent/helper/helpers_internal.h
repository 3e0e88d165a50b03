/* SPDX-License-Identifier: Apache-2.0 */
/* What helpers.c, open.c and names.c share. */
#pragma once

#include <pthread.h>

#include "helper/file_table.h"
#include "helper/helpers.h"
#include "helper/lane.h"
#include "helper/refusals.h"
#include "helper/symbol_store.h"

enum { KERNEL_FDS = 2 };

struct helpers {
	struct loop *loop;
	struct lane *opener, *inspector, *archivist, *unwinder;
	struct file_table *files;
	struct refusals refusals;
	uint64_t vdso_handle;           /* 0: nobody has asked for it */
	int kernel_fds[KERNEL_FDS];     /* /proc/kallsyms and /proc/modules; -1: not open */
	struct symbol_store *store;     /* NULL: none is wanted */
	uint64_t store_pause_ns;        /* nothing is written before */
	bool has_warned_of_store;
	uint64_t pace_since_ns;         /* since then n_ordered tables were ordered */
	unsigned int n_ordered;
	struct loop_timer *tick;        /* runs while a lane is busy */
	bool is_ticking;

	/* [any thread], under the lock: what came since the loop's thread looked last. */
	pthread_mutex_t lock;
	struct request_queue inbox;
	size_t bytes_under_way; /* atomic; of all requests */
	int inbox_fd;
};

/* open.c: OPEN, first at the opener, then at the inspector. */
bool open_is_file(const struct hearth_inspect_target *t);
bool opener_open_prepare(void *ctx, struct request *r);
int opener_open_send(void *ctx, struct request *r, struct helper_process *p,
		     struct message_header *header);
bool opener_open_receive(void *ctx, struct request *r, struct message *m);
void opener_open_blame(void *ctx, struct request *r, const char *how);
bool inspector_file_prepare(void *ctx, struct request *r);
int identify_send(void *ctx, struct request *r, struct helper_process *p,
		  struct message_header *header);
/* Keeps what the inspector said of a file. False: r is gone, as the answer made no sense. */
bool identity_take(struct helpers *h, struct request *r, const struct message *m);
bool identify_receive(void *ctx, struct request *r, struct message *m);
void inspector_file_blame(void *ctx, struct request *r, const char *how);

/* recorded.c: RECORDED, at opener and inspector in turn until a file is of the build. */
void recorded_admit(struct helpers *h, struct request *r);
bool recorded_open_prepare(void *ctx, struct request *r);
int recorded_open_send(void *ctx, struct request *r, struct helper_process *p,
		       struct message_header *header);
bool recorded_open_receive(void *ctx, struct request *r, struct message *m);
void recorded_open_blame(void *ctx, struct request *r, const char *how);
bool recorded_judge_prepare(void *ctx, struct request *r);
bool recorded_judge_receive(void *ctx, struct request *r, struct message *m);

static inline bool elf_load_is_code(const struct hearth_elf_load *l)
{
	return l->flags & 1; /* PF_X of elf(5) */
}

/* kernel.c: RECORDED of "[kernel]", which is the running one or a file of that build. */
bool kernel_is(const struct request *r);
/* Answers, or goes the way of a file. */
void kernel_admit(struct helpers *h, struct request *r);
/* Answers with a handle of its own: the file that was found, moved to where the kernel lay. */
void kernel_answer(struct helpers *h, struct request *r, const struct file *file);
/* By how much the addresses of the recording are above those in the file. */
uint64_t kernel_moved(const struct file *file);

/* vdso.c: OPEN of "[vdso]", at the inspector only. */
bool vdso_is(const struct hearth_inspect_target *t);
void vdso_admit(struct helpers *h, struct request *r);
int vdso_handle(struct helpers *h, uint64_t *ret); /* of our own copy; an error of making it */

/* code.c: OPEN of "[jit]", at the opener only. */
bool code_is(const struct hearth_inspect_target *t);
void code_admit(struct helpers *h, struct request *r);
bool code_open_prepare(void *ctx, struct request *r);
int code_open_send(void *ctx, struct request *r, struct helper_process *p,
		   struct message_header *header);
bool code_open_receive(void *ctx, struct request *r, struct message *m);
void code_open_blame(void *ctx, struct request *r, const char *how);

/* debug.c: DEBUG, first at the opener, then at the inspector, until a file matches. */
bool debug_is_wanted(const struct hearth_inspected *known);
/* Makes an OPEN of a stripped file a DEBUG. False, as of a prepare: it is gone. */
bool debug_begin(struct helpers *h, struct request *r, const struct file *file);
bool debug_open_prepare(void *ctx, struct request *r);
int debug_open_send(void *ctx, struct request *r, struct helper_process *p,
		    struct message_header *header);
bool debug_open_receive(void *ctx, struct request *r, struct message *m);
void debug_open_blame(void *ctx, struct request *r, const char *how);
bool debug_match_prepare(void *ctx, struct request *r);
int debug_match_send(void *ctx, struct request *r, struct helper_process *p,
		     struct message_header *header);
bool debug_match_receive(void *ctx, struct request *r, struct message *m);
void debug_match_blame(void *ctx, struct request *r, const char *how);

/* archive.c: the stored table of a file, before its first NAMES and behind each. */
void archive_look_up(struct helpers *h, struct file *file);
/* The table of the system that stands for a build whose file is gone; NULL: there is none. */
struct file *archive_find_build(struct helpers *h, const uint8_t *build_id, uint32_t len);
void archive_note(struct helpers *h, uint64_t handle, uint32_t flags); /* of the last message */
/* STORE, at an archivist. */
bool store_prepare(void *ctx, struct request *r);
int store_send(void *ctx, struct request *r, struct helper_process *p,
	       struct message_header *header);
bool store_receive(void *ctx, struct request *r, struct message *m);

/* names.c: NAMES at the inspector; KERNEL too, after the opener has opened kallsyms once. */
int names_send(void *ctx, struct request *r, struct helper_process *p,
	       struct message_header *header);
bool names_prepare(void *ctx, struct request *r);
bool kallsyms_prepare(void *ctx, struct request *r);
int kallsyms_send(void *ctx, struct request *r, struct helper_process *p,
		  struct message_header *header);
bool kallsyms_receive(void *ctx, struct request *r, struct message *m);
bool kernel_prepare(void *ctx, struct request *r);
int kernel_send(void *ctx, struct request *r, struct helper_process *p,
		struct message_header *header);
bool records_receive(void *ctx, struct request *r, struct message *m);

/* unwind.c: UNWIND at the unwinder, as often as that wants files first. */
bool unwind_prepare(void *ctx, struct request *r);
int unwind_send(void *ctx, struct request *r, struct helper_process *p,
		struct message_header *header);
bool unwind_receive(void *ctx, struct request *r, struct message *m);
void unwind_blame(void *ctx, struct request *r, const char *how);

/* helpers.c */

/* Puts r into the inbox, or frees it: 0 or -EAGAIN. [any thread] */
int helpers_submit(struct helpers *h, struct request *r, helper_answer_fn fn, void *ctx);

/* The cause in an answer of negative status, as text. */
void message_cause(const struct message *m, char ret[static HELPER_MAX_CAUSE]);
/* r is gone from its lane and goes on in another one. */
void helpers_move(struct lane *to, struct request *r);
