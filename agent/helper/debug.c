/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stripped file gets its separate debug file before it is first answered: the process whose root
 * it lies in may be gone when names are asked for. The opener offers what it finds at one place
 * after the other, the inspector says whether that is of the same build. Whatever goes wrong on
 * the way costs names: the answer that is known already goes out.
 */
#include <errno.h>
#include <string.h>

#include "helper/answer.h"
#include "helper/debug_file.h"
#include "helper/helpers_internal.h"

bool debug_is_wanted(const struct hearth_inspected *known)
{
	return !(known->flags & HEARTH_ELF_SYMTAB) && (known->build_id_len > 0 || known->debug_link);
}

bool debug_begin(struct helpers *h, struct request *r, const struct file *file)
{
	if (answer_new_inspected(&file->known, &r->fallback) < 0) {
		request_fail(r, -ENOMEM, "not enough memory");
		request_free(r);
		return false;
	}
	r->kind = REQUEST_DEBUG;
	helpers_move(h->opener, r);
	return false;
}

/*
 * The search is over for this request, and for the file as well if it is to be so. The answer is
 * the one that was known before: the request has it for any failure.
 */
static void debug_end(struct helpers *h, struct request *r, bool is_settled)
{
	struct file *file;

	if (is_settled && file_table_find(h->files, r->handle, &file) == 0)
		file_settle_debug(file, TAKE_FD(r->debug_fd));
	request_fail(r, -ENOENT, "there is no debug file");
	request_free(r);
}

/* What hung the opener was in the root of this process: no file of it is looked for there. */
static struct refusal_key key_of_root(const struct request *r)
{
	return (struct refusal_key){ .pid = r->target.pid };
}

static void debug_blame(struct helpers *h, const struct request *r)
{
	struct file *file;

	if (file_table_find(h->files, r->handle, &file) == 0)
		file_settle_debug(file, -1);
}

/* ---- at the opener ---- */

bool debug_open_prepare(void *ctx, struct request *r)
{
	struct helpers *h = ctx;
	struct refusal_key key = key_of_root(r);
	struct file *file;

	closep(&r->debug_fd);
	r->debug_fd = -1;
	if (file_table_find(h->files, r->handle, &file) < 0 || file->is_debug_settled ||
	    refusals_find(&h->refusals, &key)) {
		debug_end(h, r, false);
		return false;
	}
	return true;
}

int debug_open_send(void *ctx, struct request *r, struct helper_process *p,
		    struct message_header *header)
{
	uint8_t payload[sizeof(struct debug_request) + HELPER_MAX_PATH + HELPER_MAX_NAME];
	struct helpers *h = ctx;
	struct debug_request request;
	size_t len = sizeof(request);
	struct file *file;
	const char *link;
	int k;

	k = file_table_find(h->files, r->handle, &file);
	if (k < 0)
		return k;
	link = file->known.debug_link ? file->known.debug_link : "";
	request = (struct debug_request){
		.pid = r->target.pid,
		.first_place = r->debug_place,
		.owner = file->stat.st_uid,
		.path_len = (uint32_t)strlen(r->target.path),
		.build_id_len = file->known.build_id_len,
		.link_len = (uint32_t)strlen(link),
		.start_time = r->target.start_time,
		.device = file->stat.st_dev,
	};
	memcpy(request.build_id, file->known.build_id, request.build_id_len);
	memcpy(payload, &request, len);
	memcpy(payload + len, r->target.path, request.path_len);
	len += request.path_len;
	memcpy(payload + len, link, request.link_len);
	len += request.link_len;
	header->type = MESSAGE_OPEN_DEBUG;
	return helper_process_send(p, header, payload, len, NULL, 0);
}

bool debug_open_receive(void *ctx, struct request *r, struct message *m)
{
	struct helpers *h = ctx;

	if (m->header.status < 0 || m->header.n >= DEBUG_FILE_PLACES) {
		debug_end(h, r, true);
		return true;
	}
	if (m->fds[0] < 0) {
		debug_end(h, r, false); /* too many open files: another time */
		return true;
	}
	r->debug_place = m->header.n + 1;
	r->debug_fd = TAKE_FD(m->fds[0]);
	helpers_move(h->inspector, r);
	return true;
}

void debug_open_blame(void *ctx, struct request *r, const char *how)
{
	struct helpers *h = ctx;
	struct refusal_key key = key_of_root(r);

	refusals_add(&h->refusals, &key, -ETIMEDOUT, how);
	debug_blame(h, r);
}

/* ---- at the inspector ---- */

bool debug_match_prepare(void *ctx, struct request *r)
{
	struct helpers *h = ctx;
	struct file *file;

	if (file_table_find(h->files, r->handle, &file) == 0)
		return true;
	debug_end(h, r, false);
	return false;
}

int debug_match_send(void *ctx, struct request *r, struct helper_process *p,
		     struct message_header *header)
{
	struct helpers *h = ctx;
	struct file *file;
	int fds[2], k;

	k = file_table_find(h->files, r->handle, &file);
	if (k < 0)
		return k;
	fds[0] = file->fd;
	fds[1] = r->debug_fd;
	header->type = MESSAGE_MATCH;
	return helper_process_send(p, header, NULL, 0, fds, 2);
}

bool debug_match_receive(void *ctx, struct request *r, struct message *m)
{
	struct helpers *h = ctx;

	if (m->header.status == 0)
		debug_end(h, r, true);
	else
		helpers_move(h->opener, r);
	return true;
}

void debug_match_blame(void *ctx, struct request *r, const char *how)
{
	(void)how;
	debug_blame(ctx, r);
}
