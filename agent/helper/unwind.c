/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From registers and stacks to frames, at the unwinder: the inspector's program in a process of its
 * own, so that a file that breaks the unwinding library costs stacks and no names. Files go to it one
 * by one when it wants them, and are remembered there; one that was just started asks again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/answer.h"
#include "helper/helpers_internal.h"
#include "helper/unwind_wire.h"

/*
 * A stack that leads from file to file wants one more in each round. Stacks that want more than
 * this, or want what was dropped again, go on with what is known.
 */
#define MAX_ROUNDS 64u

int helpers_unwind(struct helpers *h, const struct hearth_unwind_request *request,
		   helper_answer_fn fn, void *ctx)
{
	_cleanup_(request_freep) struct request *r = NULL;
	size_t bytes;
	int k;

	k = request_new(REQUEST_UNWIND, &r);
	if (k < 0)
		return k;
	k = unwind_request_write(request, &r->samples_fd, &bytes);
	if (k < 0)
		return k;
	r->n_samples = request->n_samples;
	r->bytes += bytes;
	return helpers_submit(h, TAKE_PTR(r), fn, ctx);
}

bool unwind_prepare(void *ctx, struct request *r)
{
	(void)ctx;
	(void)r;
	return true;
}

/* A file that is closed, or has hurt a helper, is told of without an fd. */
static int file_send(struct helpers *h, struct request *r, struct helper_process *p,
		     struct message_header *header)
{
	uint64_t handle = r->wanted[r->n_wanted - 1];
	struct file *file;
	size_t n_fds = 0;
	int fds[2];

	if (file_table_find(h->files, handle, &file) == 0 && file->kind == FILE_ELF &&
	    !file_is_blocked(file)) {
		fds[n_fds++] = file->fd;
		if (file->debug_fd >= 0)
			fds[n_fds++] = file->debug_fd;
	}
	header->type = MESSAGE_UNWIND_FILE;
	return helper_process_send(p, header, &handle, sizeof(handle), fds, n_fds);
}

int unwind_send(void *ctx, struct request *r, struct helper_process *p,
		struct message_header *header)
{
	if (r->n_wanted > 0)
		return file_send(ctx, r, p, header);
	header->type = MESSAGE_UNWIND;
	if (++r->n_rounds >= MAX_ROUNDS)
		header->flags |= MESSAGE_IS_FINAL;
	return helper_process_send(p, header, NULL, 0, &r->samples_fd, 1);
}

/* Only the file that was at the process: of the samples, nobody knows which one it was. */
void unwind_blame(void *ctx, struct request *r, const char *how)
{
	struct helpers *h = ctx;
	struct file *file;

	if (r->n_wanted > 0 && file_table_find(h->files, r->wanted[r->n_wanted - 1], &file) == 0)
		file_blame(file, how);
}

static bool wanted_take(struct request *r, const struct message *m)
{
	size_t bytes = m->header.n * sizeof(*r->wanted);

	if (m->header.n == 0 || m->header.n > HELPER_MAX_WANTED || m->len != bytes ||
	    r->n_rounds >= MAX_ROUNDS) {
		request_fail(r, -EBADMSG, "the unwinder's answer makes no sense");
		return false;
	}
	free(r->wanted);
	r->wanted = malloc(bytes);
	if (!r->wanted) {
		request_fail(r, -ENOMEM, "not enough memory");
		return false;
	}
	memcpy(r->wanted, m->payload, bytes);
	r->n_wanted = m->header.n;
	r->records.len = 0;
	return true;
}

static void stacks_answer(struct request *r)
{
	struct helper_answer *a;
	int k;

	k = r->records.error ? r->records.error
			     : answer_new_unwound((const uint8_t *)r->records.data, r->records.len,
						  r->n_samples, &a);
	if (k == 0)
		request_answer(r, a);
	else
		request_fail(r, k, k == -ENOMEM ? "not enough memory"
						: "the unwinder's answer makes no sense");
}

static void records_take(struct request *r, const struct message *m)
{
	const size_t max = r->n_samples * (sizeof(struct unwind_stack_head) +
					   HEARTH_UNWIND_MAX_FRAMES *
						   sizeof(struct hearth_unwound_frame));

	if (r->records.len + m->len <= max)
		(void)buf_append(&r->records, m->payload, m->len);
	else
		r->records.error = -EBADMSG;
}

bool unwind_receive(void *ctx, struct request *r, struct message *m)
{
	struct helpers *h = ctx;
	char cause[HELPER_MAX_CAUSE];

	if (m->header.status < 0) {
		message_cause(m, cause);
		request_fail(r, m->header.status, "%s", cause);
	} else if (r->n_wanted > 0) {
		r->n_wanted--;
		helpers_move(h->unwinder, r);
		return true;
	} else if (m->header.flags & MESSAGE_WANTS_FILES) {
		if (wanted_take(r, m)) {
			helpers_move(h->unwinder, r);
			return true;
		}
	} else {
		records_take(r, m);
		if (!(m->header.flags & MESSAGE_LAST))
			return false;
		stacks_answer(r);
	}
	request_free(r);
	return true;
}
