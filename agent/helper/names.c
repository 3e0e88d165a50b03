/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From addresses to names. The fd travels with every question, so that an inspector that was
 * just started knows as much as the one before it.
 */
#include <errno.h>
#include <string.h>

#include "helper/answer.h"
#include "helper/helpers_internal.h"

/* 4,096 names of usual length are 200 KiB; more than this is nonsense or an attack. */
#define MAX_RECORD_BYTES (8u << 20)

/* Once, however often it is sent. */
static void addresses_move(struct request *r, uint64_t moved)
{
	for (uint32_t i = 0; i < r->n_addresses; i++)
		r->addresses[i] -= moved - r->moved;
	r->moved = moved;
}

/* Of the running kernel as it lay in a recording. */
static int recorded_kernel_send(const struct helpers *h, struct request *r, const struct file *file,
				struct helper_process *p, struct message_header *header)
{
	header->type = MESSAGE_KERNEL;
	header->flags |= MESSAGE_IS_RECORDED;
	header->n = r->n_addresses;
	r->addresses[-1] = file->kernel_text;
	return helper_process_send(p, header, r->addresses - 1,
				   ((size_t)r->n_addresses + 1) * sizeof(*r->addresses), h->kernel_fds,
				   h->kernel_fds[1] >= 0 ? 2 : 1);
}

int names_send(void *ctx, struct request *r, struct helper_process *p,
	       struct message_header *header)
{
	struct helpers *h = ctx;
	int fds[HELPER_MAX_FDS], k;
	struct file *file;
	size_t n_fds = 0;

	k = file_table_find(h->files, r->handle, &file);
	if (k < 0)
		return k;
	if (file->kind == FILE_KERNEL)
		return recorded_kernel_send(h, r, file, p, header);
	addresses_move(r, kernel_moved(file));
	archive_look_up(h, file);
	fds[n_fds++] = file->fd;
	if (file->debug_fd >= 0) {
		fds[n_fds++] = file->debug_fd;
		header->flags |= MESSAGE_HAS_DEBUG;
	}
	if (file->table_fd >= 0) {
		fds[n_fds++] = file->table_fd;
		header->flags |= MESSAGE_HAS_TABLE;
	}
	header->flags |= file->kind == FILE_TABLE ? MESSAGE_IS_TABLE : 0;
	header->type = file->kind == FILE_PERF_MAP ? MESSAGE_CODE : MESSAGE_NAMES;
	header->n = r->n_addresses;
	return helper_process_send(p, header, r->addresses - 1,
				   ((size_t)r->n_addresses + 1) * sizeof(*r->addresses), fds, n_fds);
}

/* ---- kernel ---- */

static bool has_kernel_fds(const struct helpers *h)
{
	return h->kernel_fds[0] >= 0;
}

static void kernel_fds_close(struct helpers *h)
{
	for (size_t i = 0; i < KERNEL_FDS; i++) {
		closep(&h->kernel_fds[i]);
		h->kernel_fds[i] = -1;
	}
}

bool kallsyms_prepare(void *ctx, struct request *r)
{
	struct helpers *h = ctx;

	if (!has_kernel_fds(h))
		return true;
	helpers_move(h->inspector, r);
	return false;
}

int kallsyms_send(void *ctx, struct request *r, struct helper_process *p,
		  struct message_header *header)
{
	(void)ctx;
	(void)r;
	header->type = MESSAGE_KALLSYMS;
	return helper_process_send(p, header, NULL, 0, NULL, 0);
}

bool kallsyms_receive(void *ctx, struct request *r, struct message *m)
{
	struct helpers *h = ctx;
	char cause[HELPER_MAX_CAUSE];

	if (m->header.status == 0 && m->fds[0] >= 0) {
		kernel_fds_close(h);
		for (size_t i = 0; i < KERNEL_FDS; i++)
			h->kernel_fds[i] = TAKE_FD(m->fds[i]);
		helpers_move(h->inspector, r);
		return true;
	}
	message_cause(m, cause);
	request_fail(r, m->header.status < 0 ? m->header.status : -EMFILE, "%s",
		     m->header.status < 0 ? cause : "the host has too many open files");
	request_free(r);
	return true;
}

/* True: r asks for names of a recorded kernel that is the running one. */
static bool is_of_kernel(const struct helpers *h, const struct request *r)
{
	struct file *file;

	return r->kind == REQUEST_KERNEL ||
	       (r->kind == REQUEST_NAMES && file_table_find(h->files, r->handle, &file) == 0 &&
		file->kind == FILE_KERNEL);
}

bool names_prepare(void *ctx, struct request *r)
{
	struct helpers *h = ctx;

	return is_of_kernel(h, r) ? kernel_prepare(ctx, r) : inspector_file_prepare(ctx, r);
}

bool kernel_prepare(void *ctx, struct request *r)
{
	struct helpers *h = ctx;

	if (has_kernel_fds(h))
		return true;
	helpers_move(h->opener, r);
	return false;
}

int kernel_send(void *ctx, struct request *r, struct helper_process *p,
		struct message_header *header)
{
	struct helpers *h = ctx;

	header->type = MESSAGE_KERNEL;
	header->n = r->n_addresses;
	return helper_process_send(p, header, r->addresses,
				   (size_t)r->n_addresses * sizeof(*r->addresses), h->kernel_fds,
				   h->kernel_fds[1] >= 0 ? 2 : 1);
}

/* ---- answers ---- */

static void records_answer(struct request *r)
{
	struct helper_answer *a;
	int k;

	k = answer_new_named((const uint8_t *)r->records.data, r->records.len, r->n_addresses, &a);
	if (k == 0)
		answer_move(a, r->moved);
	if (k == 0)
		request_answer(r, a);
	else
		request_fail(r, k, k == -ENOMEM ? "not enough memory"
						: "the inspector's answer makes no sense");
}

/* What kallsyms shows was decided when it was opened: hidden addresses may be open by now. */
static void failure_receive(struct helpers *h, struct request *r, const struct message *m)
{
	char cause[HELPER_MAX_CAUSE];

	message_cause(m, cause);
	if (is_of_kernel(h, r))
		kernel_fds_close(h);
	request_fail(r, m->header.status, "%s", cause);
}

bool records_receive(void *ctx, struct request *r, struct message *m)
{
	if (m->header.status < 0) {
		failure_receive(ctx, r, m);
		request_free(r);
		return true;
	}
	if (r->records.len + m->len <= MAX_RECORD_BYTES)
		(void)buf_append(&r->records, m->payload, m->len);
	else
		r->records.error = -ENOMEM;
	if (!(m->header.flags & MESSAGE_LAST))
		return false;
	if (r->kind == REQUEST_NAMES)
		archive_note(ctx, r->handle, m->header.flags);
	if (r->records.error)
		request_fail(r, -ENOMEM, "the answer is too long to be held");
	else
		records_answer(r);
	request_free(r);
	return true;
}
