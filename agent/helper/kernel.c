/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel of a recording. It has lain elsewhere in each boot, so a handle stands for a build and
 * the place that it had then: names are asked for by the addresses of the recording. If that build
 * runs here, kallsyms tells its functions; else a file of it, if there is one, as for a program.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "helper/answer.h"
#include "helper/helpers_internal.h"
#include "util/sys.h"

#define NOTES "/sys/kernel/notes"

bool kernel_is(const struct request *r)
{
	return strcmp(r->text, HEARTH_INSPECT_KERNEL) == 0;
}

/* ---- the running one ---- */

#define NOTE_BUILD_ID 3u /* NT_GNU_BUILD_ID of elf(5) */

struct note {
	uint32_t name_len, content_len, type;
};

static size_t aligned(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* Notes as the kernel itself has them: name and content behind a header, padded to four bytes. */
static uint32_t notes_build_id(const uint8_t *notes, size_t len, uint8_t ret[static HELPER_MAX_BUILD_ID])
{
	static const char name[] = "GNU";
	struct note h;

	for (size_t at = 0; len - at >= sizeof(h);) {
		size_t name_len, content_len;

		memcpy(&h, notes + at, sizeof(h));
		at += sizeof(h);
		name_len = aligned(h.name_len);
		content_len = aligned(h.content_len);
		if (name_len > len - at || content_len > len - at - name_len)
			return 0;
		if (h.type == NOTE_BUILD_ID && h.name_len == sizeof(name) &&
		    memcmp(notes + at, name, sizeof(name)) == 0 && h.content_len <= HELPER_MAX_BUILD_ID) {
			memcpy(ret, notes + at + name_len, h.content_len);
			return h.content_len;
		}
		at += name_len + content_len;
	}
	return 0;
}

/* False: the running kernel is another one, which is noted. */
static bool is_running(struct recorded_search *s, int fd)
{
	uint8_t notes[4096];
	ssize_t n = fd < 0 ? -1 : sys_read(fd, notes, sizeof(notes));

	s->other_len = n > 0 ? notes_build_id(notes, (size_t)n, s->other) : 0;
	s->is_other_build = s->other_len != s->build_id_len ||
			    memcmp(s->other, s->build_id, s->build_id_len) != 0;
	return !s->is_other_build;
}

static void answer_known(struct request *r, const struct hearth_inspected *known)
{
	struct helper_answer *a;

	if (answer_new_inspected(known, &a) < 0)
		request_fail(r, -ENOMEM, "not enough memory");
	else
		request_answer(r, a);
	request_free(r);
}

static void fail_to_keep(struct request *r, int error)
{
	request_fail(r, error, "the host cannot keep the file open: %s", strerrordesc_np(-error));
	request_free(r);
}

static void running_answer(struct helpers *h, struct request *r, int fd)
{
	struct hearth_inspected known = {
		.size = sizeof(known),
		.build_id = r->recorded.build_id,
		.build_id_len = r->recorded.build_id_len,
		.flags = HEARTH_ELF_SYMTAB,
	};
	struct file *file;
	int k;

	k = file_table_add_kernel(h->files, FILE_KERNEL, r->recorded.kernel_text, fd, &file);
	if (k == 0 && file->state != FILE_GOOD)
		k = file_set_good(file, &known);
	if (k < 0) {
		fail_to_keep(r, k);
		return;
	}
	file->is_debug_settled = true;
	answer_known(r, &file->known);
}

void kernel_admit(struct helpers *h, struct request *r)
{
	struct recorded_search *s = &r->recorded;
	_cleanup_close_ int fd = -1;

	if (s->kernel_text == 0 || s->build_id_len == 0) {
		request_fail(r, -ENODATA, "the recording does not tell %s",
			     s->kernel_text == 0 ? "where its kernel lay (recorded with hidden addresses)"
						 : "which kernel it ran on");
		request_free(r);
		return;
	}
	fd = sys_open(NOTES, O_RDONLY, 0);
	if (is_running(s, fd))
		running_answer(h, r, TAKE_FD(fd));
	else
		lane_push(h->opener, r);
}

/* ---- another one ---- */

void kernel_answer(struct helpers *h, struct request *r, const struct file *file)
{
	_cleanup_close_ int fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
	struct file *found, *moved;
	int k = fd < 0 ? -errno : 0;

	if (k == 0)
		k = file_table_add_kernel(h->files, file->kind, r->recorded.kernel_text, TAKE_FD(fd), &moved);
	if (k == 0)
		k = file_table_find(h->files, r->handle, &found);
	if (k == 0 && moved->state != FILE_GOOD)
		k = file_set_good(moved, &found->known);
	if (k < 0) {
		fail_to_keep(r, k);
		return;
	}
	moved->is_debug_settled = true;
	answer_known(r, &moved->known);
}

/* _text is where the first segment of code begins: arch/x86/kernel/vmlinux.lds.S, and arm64's. */
static uint64_t text_in_file(const struct hearth_inspected *known)
{
	uint64_t text = UINT64_MAX;

	for (uint32_t i = 0; i < known->n_loads; i++)
		if (elf_load_is_code(&known->loads[i]) && known->loads[i].vaddr < text)
			text = known->loads[i].vaddr;
	return text;
}

uint64_t kernel_moved(const struct file *file)
{
	return file->kernel_text > 0 ? file->kernel_text - text_in_file(&file->known) : 0;
}
