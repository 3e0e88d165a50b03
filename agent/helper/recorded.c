/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a recording to a handle. Nobody maps the file any more, or did so on another machine, so
 * nothing but its build id proves that it is the one: the opener offers what lies at one place after
 * the other, and the inspector says what it is. A file of another build is never used, since wrong
 * names are worse than none.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "helper/answer.h"
#include "helper/helpers_internal.h"
#include "helper/recorded_file.h"

#define PATH_IN_CAUSE 60

/* ---- what is said in the end ---- */

/* "ab12cd34ef56…": as much as people compare. */
static void id_put(const uint8_t *id, uint32_t len, char ret[static 16])
{
	uint32_t n = len < 6 ? len : 6;

	for (uint32_t i = 0; i < n; i++)
		snprintf(ret + (size_t)2 * i, 3, "%02x", id[i]);
	snprintf(ret + (size_t)2 * n, 4, "%s", len > n ? "…" : "");
}

static const char *why_not_opened(int status)
{
	switch (status) {
	case -ENOENT:
	case -ENOTDIR:
		return "is not on this machine";
	case -EACCES:
	case -EPERM:
		return "may not be read";
	case -EREMOTE:
		return "is on a network or FUSE file system";
	case -ENOTSUP:
		return "is no regular file";
	default:
		return "cannot be read";
	}
}

/* The end of a long path, from the beginning of a character on. */
static const char *path_end(const char *path)
{
	size_t len = strlen(path);

	path += len > PATH_IN_CAUSE ? len - PATH_IN_CAUSE : 0;
	while ((*path & 0xc0) == 0x80)
		path++;
	return path;
}

static void fail(struct request *r)
{
	const struct recorded_search *s = &r->recorded;
	const char *path = path_end(r->text), *cut = path > r->text ? "…" : "";
	char want[16], have[16];

	id_put(s->build_id, s->build_id_len, want);
	id_put(s->other, s->other_len, have);
	if (s->is_other_build)
		request_fail(r, -ESTALE, "%s%s is of another build (%s, recorded was %s)", cut, path,
			     s->other_len ? have : "without build id", want);
	else if (s->build_id_len == 0)
		request_fail(r, -ENOENT, "%s%s %s, and the recording has no build id of it", cut, path,
			     why_not_opened(s->path_status));
	else
		request_fail(r, -ENOENT, "%s%s %s and nothing has its build id %s", cut, path,
			     why_not_opened(s->path_status), want);
	request_free(r);
}

/* ---- at the opener ---- */

void recorded_admit(struct helpers *h, struct request *r)
{
	if (kernel_is(r)) {
		kernel_admit(h, r);
		return;
	}
	if (r->text[0] != '/' && r->recorded.build_id_len == 0) {
		request_fail(r, -ENOTSUP, "no file is behind this mapping, and the recording has no build id of it");
		request_free(r);
		return;
	}
	if (vdso_is(&r->target) && vdso_handle(h, &r->handle) == 0)
		lane_push(h->inspector, r);
	else
		lane_push(h->opener, r);
}

/* Device 0 has no files, so its numbers are free: what hung the opener is known by its path. */
static struct refusal_key key_of(const struct request *r)
{
	struct refusal_key key = { .device_minor = 1, .inode = 0xcbf29ce484222325 };

	for (const char *c = r->text; *c; c++)
		key.inode = (key.inode ^ (uint8_t)*c) * 0x100000001b3;
	return key;
}

/* What was read of it on another day may still be there. True: r has gone on with that. */
static bool ask_store(struct helpers *h, struct request *r)
{
	struct recorded_search *s = &r->recorded;
	struct file *file = NULL;

	if (!s->is_store_asked && s->build_id_len > 0)
		file = archive_find_build(h, s->build_id, s->build_id_len);
	s->is_store_asked = true;
	if (!file)
		return false;
	r->handle = file->handle;
	helpers_move(h->inspector, r);
	return true;
}

bool recorded_open_prepare(void *ctx, struct request *r)
{
	struct helpers *h = ctx;
	struct refusal_key key = key_of(r);
	const struct refusal *refusal = refusals_find(&h->refusals, &key);

	if (r->recorded.place >= RECORDED_PLACES) {
		if (!ask_store(h, r))
			fail(r);
		return false;
	}
	if (!refusal)
		return true;
	request_fail(r, refusal->status, "%s", refusal->cause);
	request_free(r);
	return false;
}

int recorded_open_send(void *ctx, struct request *r, struct helper_process *p,
		       struct message_header *header)
{
	uint8_t payload[sizeof(struct recorded_request) + HELPER_MAX_PATH];
	size_t path_len = strlen(r->text);
	struct recorded_request request = {
		.first_place = r->recorded.place,
		.path_len = (uint32_t)path_len,
		.build_id_len = r->recorded.build_id_len,
	};

	(void)ctx;
	memcpy(request.build_id, r->recorded.build_id, sizeof(request.build_id));
	memcpy(payload, &request, sizeof(request));
	memcpy(payload + sizeof(request), r->text, path_len);
	header->type = MESSAGE_OPEN_RECORDED;
	return helper_process_send(p, header, payload, sizeof(request) + path_len, NULL, 0);
}

static bool opened_add(struct helpers *h, struct request *r, int fd)
{
	struct file *file;
	int k;

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

bool recorded_open_receive(void *ctx, struct request *r, struct message *m)
{
	struct recorded_search *s = &r->recorded;

	if (m->header.status < 0 || m->header.n >= RECORDED_PLACES) {
		if (s->place == RECORDED_AT_PATH)
			s->path_status = m->header.status;
		s->place = RECORDED_PLACES;
		if (!ask_store(ctx, r))
			fail(r);
		return true;
	}
	if (s->place == RECORDED_AT_PATH && m->header.n > RECORDED_AT_PATH)
		s->path_status = -ENOENT;
	/* What perf keeps is as stripped as it was; the table may be of its debug file, too. */
	if (m->header.n >= RECORDED_IN_PERF_STORE && !s->is_store_asked) {
		s->place = m->header.n;
		if (ask_store(ctx, r))
			return true;
	}
	if (m->fds[0] < 0) {
		request_fail(r, -EMFILE, "the host has too many open files; raise its limit (LimitNOFILE=)");
		request_free(r);
		return true;
	}
	s->place = m->header.n + 1;
	return opened_add(ctx, r, TAKE_FD(m->fds[0]));
}

void recorded_open_blame(void *ctx, struct request *r, const char *how)
{
	struct helpers *h = ctx;
	struct refusal_key key = key_of(r);
	char cause[HELPER_MAX_CAUSE];

	snprintf(cause, sizeof(cause), "the opener %s when it was to open it", how);
	refusals_add(&h->refusals, &key, -ETIMEDOUT, cause);
}

/* ---- at the inspector ---- */

static bool is_of_build(const struct recorded_search *s, const struct file *file)
{
	const struct hearth_inspected *known = &file->known;

	if (s->build_id_len == 0)
		return true;
	return known->build_id_len == s->build_id_len &&
	       memcmp(known->build_id, s->build_id, s->build_id_len) == 0;
}

/* A debug file may tell addresses only: enough of a kernel, whose recording has no file offsets. */
static bool has_code(const struct request *r, const struct hearth_inspected *known)
{
	for (uint32_t i = 0; i < known->n_loads; i++)
		if (elf_load_is_code(&known->loads[i]) && (known->loads[i].file_size > 0 || kernel_is(r)))
			return true;
	return false;
}

/* What lies at the path is worth a word; a debug file of another build is just none. */
static void note_other(struct recorded_search *s, const struct file *file)
{
	if (s->place != RECORDED_AT_PATH + 1)
		return;
	s->is_other_build = true;
	s->other_len = file->known.build_id_len;
	if (s->other_len > 0)
		memcpy(s->other, file->known.build_id, s->other_len);
}

static void answer(struct helpers *h, struct request *r, const struct file *file)
{
	struct helper_answer *a;

	if (kernel_is(r)) {
		kernel_answer(h, r, file);
		return;
	}
	if (!file->is_debug_settled) {
		(void)debug_begin(h, r, file);
		return;
	}
	if (answer_new_inspected(&file->known, &a) < 0)
		request_fail(r, -ENOMEM, "not enough memory");
	else
		request_answer(r, a);
	request_free(r);
}

bool recorded_judge_prepare(void *ctx, struct request *r)
{
	struct helpers *h = ctx;
	struct file *file;
	int k;

	k = file_table_find(h->files, r->handle, &file);
	if (k < 0) {
		request_fail(r, k, "the file was closed, too many are open");
		request_free(r);
		return false;
	}
	if (file->state == FILE_UNKNOWN && !file_is_blocked(file))
		return true;
	if (file->state == FILE_GOOD && has_code(r, &file->known)) {
		if (is_of_build(&r->recorded, file)) {
			answer(h, r, file);
			return false;
		}
		note_other(&r->recorded, file);
	} else if (r->recorded.place == RECORDED_AT_PATH + 1) {
		r->recorded.path_status = -ENOEXEC;
	}
	helpers_move(h->opener, r);
	return false;
}

bool recorded_judge_receive(void *ctx, struct request *r, struct message *m)
{
	uint64_t handle = r->handle;

	if (identity_take(ctx, r, m) && recorded_judge_prepare(ctx, r)) {
		request_fail(r, -EIO, "the inspector did not say what it is");
		request_free(r);
	}
	if (m->header.status == -EBADMSG)
		archive_note(ctx, handle, MESSAGE_TABLE_DAMAGED);
	return true;
}
