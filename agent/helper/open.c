/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a mapping to a handle: the opener opens the file, the host keeps the fd, the inspector
 * says what it is. Each step first looks whether an earlier request has done it: many processes
 * map the same libraries at once.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "helper/answer.h"
#include "helper/helpers_internal.h"
#include "util/str.h"

/*
 * Mappings whose names look like files but lead to none. Under /dev only the two shared-memory
 * file systems hold files; a memfd is one, reached through map_files.
 */
bool open_is_file(const struct hearth_inspect_target *t)
{
	static const char *const never[] = { "//", "/SYSV", "/[aio]", "/anon_hugepage" };

	if (t->path[0] != '/' || t->inode == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		if (str_starts(t->path, never[i]))
			return false;
	return !str_starts(t->path, "/dev/") || str_starts(t->path, "/dev/shm/") ||
	       str_starts(t->path, "/dev/hugepages/");
}

static struct refusal_key key_of(const struct request *r, bool for_everybody)
{
	return (struct refusal_key){
		.pid = for_everybody ? 0 : r->target.pid,
		.device_major = r->target.device_major,
		.device_minor = r->target.device_minor,
		.inode = r->target.inode,
	};
}

/* ---- at the opener ---- */

bool opener_open_prepare(void *ctx, struct request *r)
{
	struct helpers *h = ctx;
	struct refusal_key key = key_of(r, false);
	const struct refusal *refusal;
	struct file *file;

	file = file_table_find_mapped(h->files, r->target.device_major, r->target.device_minor,
				 r->target.inode);
	if (file) {
		r->handle = file->handle;
		helpers_move(h->inspector, r);
		return false;
	}
	refusal = refusals_find(&h->refusals, &key);
	if (refusal) {
		request_fail(r, refusal->status, "%s", refusal->cause);
		request_free(r);
		return false;
	}
	return true;
}

int opener_open_send(void *ctx, struct request *r, struct helper_process *p,
		     struct message_header *header)
{
	uint8_t payload[sizeof(struct open_request) + HELPER_MAX_PATH];
	size_t path_len = strlen(r->target.path);
	struct open_request request = {
		.pid = r->target.pid,
		.device_major = r->target.device_major,
		.device_minor = r->target.device_minor,
		.path_len = (uint32_t)path_len,
		.start_time = r->target.start_time,
		.inode = r->target.inode,
		.map_start = r->target.map_start,
		.map_end = r->target.map_end,
	};

	(void)ctx;
	memcpy(payload, &request, sizeof(request));
	memcpy(payload + sizeof(request), r->target.path, path_len);
	header->type = MESSAGE_OPEN;
	return helper_process_send(p, header, payload, sizeof(request) + path_len, NULL, 0);
}

static bool opened_add(struct helpers *h, struct request *r, int fd)
{
	struct file *file;
	struct stat st;
	int k;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		request_fail(r, -ENOTSUP, "not a regular file");
		request_free(r);
		return true;
	}
	k = file_table_add(h->files, FILE_ELF, fd, &file);
	if (k < 0) {
		request_fail(r, k, "the host cannot keep the file open: %s", strerrordesc_np(-k));
		request_free(r);
		return true;
	}
	r->handle = file->handle;
	helpers_move(h->inspector, r);
	return true;
}

bool opener_open_receive(void *ctx, struct request *r, struct message *m)
{
	struct helpers *h = ctx;
	struct refusal_key key = key_of(r, false);
	char cause[HELPER_MAX_CAUSE];

	if (m->header.status == 0 && m->fds[0] >= 0)
		return opened_add(h, r, TAKE_FD(m->fds[0]));
	if (m->header.status >= 0) {
		request_fail(r, -EMFILE, "the host has too many open files; raise its limit (LimitNOFILE=)");
		request_free(r);
		return true;
	}
	message_cause(m, cause);
	refusals_add(&h->refusals, &key, m->header.status, cause);
	request_fail(r, m->header.status, "%s", cause);
	request_free(r);
	return true;
}

void opener_open_blame(void *ctx, struct request *r, const char *how)
{
	struct helpers *h = ctx;
	struct refusal_key key = key_of(r, true);
	char cause[HELPER_MAX_CAUSE];

	snprintf(cause, sizeof(cause), "the opener %s when it was to open it", how);
	refusals_add(&h->refusals, &key, -ETIMEDOUT, cause);
}

/* ---- at the inspector ---- */

/* Answers from what is known: true if that was possible. */
static bool answer_from_file(struct request *r, const struct file *file)
{
	struct helper_answer *a;

	if (file_is_blocked(file)) {
		request_fail(r, -EBUSY, "%s", file->cause ? file->cause : "set aside for a while");
		return true;
	}
	if (file->state == FILE_BAD) {
		request_fail(r, file->status, "%s", file->cause ? file->cause : "cannot be read");
		return true;
	}
	if (r->kind != REQUEST_OPEN || file->state != FILE_GOOD || !file->is_debug_settled)
		return false;
	if (answer_new_inspected(&file->known, &a) < 0)
		request_fail(r, -ENOMEM, "not enough memory");
	else
		request_answer(r, a);
	return true;
}

bool inspector_file_prepare(void *ctx, struct request *r)
{
	struct helpers *h = ctx;
	struct file *file;
	int k;

	k = file_table_find(h->files, r->handle, &file);
	if (k == 0 && !answer_from_file(r, file)) {
		if (r->kind == REQUEST_OPEN && file->state == FILE_GOOD)
			return debug_begin(h, r, file);
		return true;
	}
	if (k == -ESTALE)
		request_fail(r, k, "the file was closed, too many are open");
	else if (k < 0)
		request_fail(r, k, "unknown handle %llu", (unsigned long long)r->handle);
	request_free(r);
	return false;
}

int identify_send(void *ctx, struct request *r, struct helper_process *p,
		  struct message_header *header)
{
	struct helpers *h = ctx;
	struct file *file;
	int k;

	k = file_table_find(h->files, r->handle, &file);
	if (k < 0)
		return k;
	header->type = MESSAGE_IDENTIFY;
	header->flags |= file->kind == FILE_TABLE ? MESSAGE_IS_TABLE : 0;
	return helper_process_send(p, header, NULL, 0, &file->fd, 1);
}

static int identity_unpack(const struct message *m, struct identify_reply *ret)
{
	if (m->len < sizeof(*ret))
		return -EBADMSG;
	memcpy(ret, m->payload, sizeof(*ret));
	if (ret->build_id_len > sizeof(ret->build_id) || ret->n_loads > HELPER_MAX_LOADS ||
	    ret->debug_link_len >= sizeof(ret->debug_link) ||
	    m->len != sizeof(*ret) + ret->n_loads * sizeof(struct hearth_elf_load))
		return -EBADMSG;
	return 0;
}

static int identity_keep(struct file *file, const struct message *m)
{
	struct identify_reply reply;
	struct hearth_inspected known;
	int k;

	k = identity_unpack(m, &reply);
	if (k < 0)
		return k;
	reply.debug_link[reply.debug_link_len] = '\0';
	known = (struct hearth_inspected){
		.file_size = reply.file_size,
		.build_id = reply.build_id,
		.build_id_len = reply.build_id_len,
		.loads = (const struct hearth_elf_load *)(const void *)(m->payload + sizeof(reply)),
		.n_loads = reply.n_loads,
		.load_stride = sizeof(struct hearth_elf_load),
		.flags = reply.flags,
		.debug_link = reply.debug_link_len ? reply.debug_link : NULL,
	};
	file->is_debug_settled = !debug_is_wanted(&known);
	return file_set_good(file, &known);
}

/* What the file is stays true of it; what went wrong around it may be over in a while. */
static void failure_keep(struct file *file, const struct message *m)
{
	char cause[HELPER_MAX_CAUSE];

	message_cause(m, cause);
	if (m->header.status == -ENOEXEC || m->header.status == -ERANGE)
		file_set_bad(file, m->header.status, cause);
	else
		file_blame(file, cause);
}

/* The entry may be gone: the file was closed while the inspector read it. */
bool identity_take(struct helpers *h, struct request *r, const struct message *m)
{
	struct file *file;
	int k = 0;

	if (file_table_find(h->files, r->handle, &file) == 0) {
		if (m->header.status < 0)
			failure_keep(file, m);
		else
			k = identity_keep(file, m);
	}
	if (k == 0)
		return true;
	request_fail(r, k, k == -ENOMEM ? "not enough memory"
					: "the inspector's answer makes no sense");
	request_free(r);
	return false;
}

bool identify_receive(void *ctx, struct request *r, struct message *m)
{
	if (identity_take(ctx, r, m) && inspector_file_prepare(ctx, r))
		request_free(r);
	return true;
}

void inspector_file_blame(void *ctx, struct request *r, const char *how)
{
	struct helpers *h = ctx;
	char cause[HELPER_MAX_CAUSE];
	struct file *file;

	snprintf(cause, sizeof(cause), "the inspector %s when it read the file", how);
	if (file_table_find(h->files, r->handle, &file) == 0) {
		file_blame(file, cause);
		file_settle_debug(file, -1); /* it may have been that one */
	}
}
