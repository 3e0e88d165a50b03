/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of symbols that outlive us (symbol_store.h): looked up before a file's first names are asked
 * for, and made once the inspector has said that they are worth it.
 *
 * A table is made by an archivist: an inspector that is started for this one file and ended with it.
 * The inspector itself has read files of every process of the machine by then, and one of them may
 * have turned it; today that costs names until it dies, and with its tables on disk it would for
 * ever. What an archivist writes can be wrong only about the file that it was given.
 */
#include <errno.h>
#include <string.h>

#include "helper/helpers_internal.h"
#include "helper/symbol_store.h"
#include "helper/system_file.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/sys.h"

/*
 * A file that changes within one tick of its clock (10 ms where it is coarsest) keeps its times, so
 * only what has been at rest for a while is known by them.
 */
#define AT_REST_NS (2 * NS_PER_S)
#define PAUSE_NS (600 * NS_PER_S) /* behind a failure to write */

/* Whoever starts program after program, each of them new, must not keep us busy with their tables. */
#define PACE_NS (60 * NS_PER_S)
#define PACE_TABLES 100u

/*
 * A table is shorter than the files that it was made from, but for what those hold packed: that is
 * at most MINI_DEBUG_MAX_BYTES of the inspector, here with the table's own margin. So nobody fills
 * our disk with less than as much of his own.
 */
#define UNPACKED_BYTES (20ull << 20)

static struct stored_key key_of(const struct file *file)
{
	return stored_key_of(&file->stat, file->known.build_id, file->known.build_id_len,
			     file->debug_fd >= 0 ? STORED_WITH_DEBUG : 0);
}

static bool is_of_system(const struct file *file)
{
	return system_file_is(file->fd) && (file->debug_fd < 0 || system_file_is(file->debug_fd));
}

void archive_look_up(struct helpers *h, struct file *file)
{
	struct stored_key key;

	if (!h->store || file->kind != FILE_ELF || file->is_table_settled)
		return;
	file->is_table_settled = true;
	key = key_of(file);
	(void)symbol_store_find(h->store, &key, &file->table_fd);
}

static void archive_drop(struct helpers *h, struct file *file)
{
	struct stored_key key = key_of(file);

	symbol_store_drop(h->store, &key);
	closep(&file->table_fd);
	file->table_fd = -1;
	log_debug("a table in %s is damaged, it is made again", symbol_store_folder(h->store));
}

/* One that stands for a file that is gone: its key is its own. */
static void table_drop(struct helpers *h, struct file *file)
{
	struct stored_key key;

	if (stored_key_read(file->fd, &key) == 0)
		symbol_store_drop(h->store, &key);
	file_set_bad(file, -EBADMSG, "its stored table is damaged");
}

struct file *archive_find_build(struct helpers *h, const uint8_t *build_id, uint32_t len)
{
	struct file *file;
	int fd;

	file = file_table_find_build(h->files, build_id, len);
	if (file)
		return file;
	if (!h->store || symbol_store_find_build(h->store, build_id, len, &fd) < 0 ||
	    file_table_add(h->files, FILE_TABLE, fd, &file) < 0)
		return NULL;
	return file;
}

static uint64_t wall_ns(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * NS_PER_S + (uint64_t)t->tv_nsec;
}

/* Also false for times in the future, which say nothing. */
static bool is_at_rest(const struct file *file)
{
	uint64_t now = clock_realtime_ns();

	return now > wall_ns(&file->stat.st_mtim) + AT_REST_NS &&
	       now > wall_ns(&file->stat.st_ctim) + AT_REST_NS;
}

static bool pace_allows(struct helpers *h)
{
	uint64_t now = clock_monotonic_ns();

	if (now - h->pace_since_ns >= PACE_NS) {
		h->pace_since_ns = now;
		h->n_ordered = 0;
	}
	return h->n_ordered++ < PACE_TABLES;
}

static void archive_order(struct helpers *h, struct file *file)
{
	struct request *r;

	if (file->is_archived || clock_monotonic_ns() < h->store_pause_ns || !is_at_rest(file) ||
	    !pace_allows(h) || request_new(REQUEST_STORE, &r) < 0)
		return;
	file->is_archived = true;
	r->handle = file->handle;
	r->deadline_ns = UINT64_MAX; /* nobody waits for it */
	helpers_move(h->archivist, r);
}

void archive_note(struct helpers *h, uint64_t handle, uint32_t flags)
{
	struct file *file;

	if (!h->store || file_table_find(h->files, handle, &file) < 0)
		return;
	if (file->kind == FILE_TABLE && (flags & MESSAGE_TABLE_DAMAGED))
		table_drop(h, file);
	if (file->kind != FILE_ELF)
		return;
	if ((flags & MESSAGE_TABLE_DAMAGED) && file->table_fd >= 0)
		archive_drop(h, file);
	if (flags & MESSAGE_TABLE_WANTED)
		archive_order(h, file);
}

/* ---- at an archivist ---- */

static const char *why_of(int error)
{
	switch (error) {
	case -EPERM:
		return "it belongs to someone else, or others may write to it";
	case -EREMOTE:
		return "it is on a network or FUSE file system";
	default:
		return strerrordesc_np(-error);
	}
}

/* Said once: the next attempt, in ten minutes, is not worth another line unless one succeeded. */
static void write_failed(struct helpers *h, const struct request *r, int error)
{
	struct file *file;

	h->store_pause_ns = clock_monotonic_ns() + PAUSE_NS;
	if (file_table_find(h->files, r->handle, &file) == 0)
		file->is_archived = false;
	if (h->has_warned_of_store)
		return;
	h->has_warned_of_store = true;
	log_warning("the symbol cache %s cannot be written: %s. Symbols are read from their files "
		    "each time; mend it, set cache_dir, or turn it off by symbols.cache_size: 0",
		    symbol_store_folder(h->store), why_of(error));
}

static uint64_t bytes_allowed(const struct file *file)
{
	uint64_t bytes = (uint64_t)file->stat.st_size + UNPACKED_BYTES;
	struct stat st;

	if (file->debug_fd >= 0 && sys_fstat(file->debug_fd, &st) == 0)
		bytes += (uint64_t)st.st_size;
	return bytes;
}

/* Also each time that it has waited for a process: the key must be that of the fds that go out next. */
bool store_prepare(void *ctx, struct request *r)
{
	struct helpers *h = ctx;
	struct stored_key key;
	struct file *file;
	int k;

	r->entry = symbol_entry_free(r->entry);
	k = file_table_find(h->files, r->handle, &file);
	if (k == 0 && clock_monotonic_ns() >= h->store_pause_ns) {
		key = key_of(file);
		key.flags |= is_of_system(file) ? STORED_OF_SYSTEM : 0;
		k = symbol_entry_new(h->store, &key, bytes_allowed(file), &r->entry);
		if (k == 0)
			return true;
		write_failed(h, r, k);
	}
	request_free(r);
	return false;
}

int store_send(void *ctx, struct request *r, struct helper_process *p, struct message_header *header)
{
	struct helpers *h = ctx;
	struct file *file;
	int fds[2], k;

	k = file_table_find(h->files, r->handle, &file);
	if (k < 0)
		return k;
	fds[0] = file->fd;
	fds[1] = file->debug_fd;
	header->type = MESSAGE_STORE;
	header->flags = fds[1] >= 0 ? MESSAGE_HAS_DEBUG : 0;
	return helper_process_send(p, header, NULL, 0, fds, fds[1] >= 0 ? 2 : 1);
}

/* What was read is the file that the key tells of only if that has not changed meanwhile. */
static int store_end(struct helpers *h, struct request *r)
{
	struct file *file;
	int fd = -1, k;

	k = file_table_find(h->files, r->handle, &file);
	if (k < 0 || !file_is_unchanged(file))
		return 0;
	k = symbol_entry_commit(r->entry, &fd);
	if (k < 0)
		return k;
	closep(&file->table_fd);
	file->table_fd = fd;
	h->has_warned_of_store = false;
	return 0;
}

bool store_receive(void *ctx, struct request *r, struct message *m)
{
	struct helpers *h = ctx;
	int k;

	if (m->header.status < 0) {
		request_free(r);
		return true;
	}
	k = symbol_entry_append(r->entry, m->payload, m->len);
	if (k == 0 && !(m->header.flags & MESSAGE_LAST))
		return false;
	if (k == 0)
		k = store_end(h, r);
	if (k < 0 && k != -EFBIG)
		write_failed(h, r, k);
	request_free(r);
	return true;
}
