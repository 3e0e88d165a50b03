/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generated code of a process: the opener opens its perf map, and the handle of that answers for
 * names like any other. The inspector is not asked what the file is: a perf map has no build id,
 * and it changes.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "helper/answer.h"
#include "helper/helpers_internal.h"

bool code_is(const struct hearth_inspect_target *t)
{
	return strcmp(t->path, HEARTH_INSPECT_CODE) == 0;
}

/* Device 0 has no files, so its numbers are free: 0 is the root of a process (debug.c). */
static struct refusal_key key_of(const struct request *r)
{
	return (struct refusal_key){ .pid = r->target.pid, .inode = 1 };
}

void code_admit(struct helpers *h, struct request *r)
{
	r->kind = REQUEST_CODE;
	lane_push(h->opener, r);
}

bool code_open_prepare(void *ctx, struct request *r)
{
	struct helpers *h = ctx;
	struct refusal_key key = key_of(r);
	const struct refusal *refusal = refusals_find(&h->refusals, &key);

	if (!refusal)
		return true;
	request_fail(r, refusal->status, "%s", refusal->cause);
	request_free(r);
	return false;
}

int code_open_send(void *ctx, struct request *r, struct helper_process *p,
		   struct message_header *header)
{
	struct open_request request = {
		.pid = r->target.pid,
		.start_time = r->target.start_time,
	};

	(void)ctx;
	header->type = MESSAGE_OPEN_CODE;
	return helper_process_send(p, header, &request, sizeof(request), NULL, 0);
}

static int opened_answer(struct helpers *h, struct request *r, int fd)
{
	struct hearth_inspected known = { .size = sizeof(known) };
	struct helper_answer *a;
	struct file *file;
	int k;

	k = file_table_add(h->files, FILE_PERF_MAP, fd, &file);
	if (k < 0)
		return k;
	file->state = FILE_GOOD;
	known.handle = file->handle;
	known.file_size = (uint64_t)file->stat.st_size;
	k = answer_new_inspected(&known, &a);
	if (k < 0)
		return k;
	request_answer(r, a);
	return 0;
}

bool code_open_receive(void *ctx, struct request *r, struct message *m)
{
	struct helpers *h = ctx;
	struct refusal_key key = key_of(r);
	char cause[HELPER_MAX_CAUSE];
	int k = -EMFILE;

	if (m->header.status < 0) {
		message_cause(m, cause);
		refusals_add(&h->refusals, &key, m->header.status, cause);
		request_fail(r, m->header.status, "%s", cause);
	} else {
		if (m->fds[0] >= 0)
			k = opened_answer(h, r, TAKE_FD(m->fds[0]));
		if (k < 0)
			request_fail(r, k, "the host cannot keep the file open: %s",
				     strerrordesc_np(-k));
	}
	request_free(r);
	return true;
}

void code_open_blame(void *ctx, struct request *r, const char *how)
{
	struct helpers *h = ctx;
	struct refusal_key key = key_of(r);
	char cause[HELPER_MAX_CAUSE];

	snprintf(cause, sizeof(cause), "the opener %s when it was to open a perf map", how);
	refusals_add(&h->refusals, &key, -ETIMEDOUT, cause);
}
