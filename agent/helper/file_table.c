/* SPDX-License-Identifier: Apache-2.0 */
/* An array searched from end to end: at most 1,024 entries, and questions come in batches. */
#include "helper/file_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "util/clock.h"
#include "util/sys.h"

#define MIN_BLOCK_NS (10 * NS_PER_S)
#define MAX_BLOCK_NS (3600 * NS_PER_S)

struct file_table {
	struct file *entries;
	size_t n, capacity, max;
	uint64_t last_handle, clock;
};

int file_table_new(size_t max, struct file_table **ret)
{
	struct file_table *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->max = max;
	*ret = f;
	return 0;
}

static void file_forget(struct file *file)
{
	free((void *)file->known.loads);
	free((void *)file->known.build_id);
	free((void *)file->known.debug_link);
	free(file->cause);
	closep(&file->fd);
	closep(&file->debug_fd);
	closep(&file->table_fd);
}

struct file_table *file_table_free(struct file_table *f)
{
	if (!f)
		return NULL;
	for (size_t i = 0; i < f->n; i++)
		file_forget(&f->entries[i]);
	free(f->entries);
	free(f);
	return NULL;
}

size_t file_table_length(const struct file_table *f)
{
	return f->n;
}

static bool time_equal(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool stat_equal(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       time_equal(&a->st_mtim, &b->st_mtim) && time_equal(&a->st_ctim, &b->st_ctim);
}

static struct file *touch(struct file_table *f, struct file *file)
{
	file->used = ++f->clock;
	return file;
}

static void close_oldest(struct file_table *f)
{
	size_t oldest = 0;

	for (size_t i = 1; i < f->n; i++)
		if (f->entries[i].used < f->entries[oldest].used)
			oldest = i;
	file_forget(&f->entries[oldest]);
	f->entries[oldest] = f->entries[--f->n];
}

static size_t n_fds(const struct file_table *f)
{
	size_t n = f->n;

	for (size_t i = 0; i < f->n; i++)
		n += (f->entries[i].debug_fd >= 0) + (f->entries[i].table_fd >= 0);
	return n;
}

static int reserve(struct file_table *f)
{
	size_t capacity = f->capacity ? f->capacity * 2 : 16;
	struct file *entries;

	while (f->n > 0 && n_fds(f) >= f->max)
		close_oldest(f);
	if (f->n < f->capacity)
		return 0;
	entries = reallocarray(f->entries, capacity, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	f->entries = entries;
	f->capacity = capacity;
	return 0;
}

int file_table_add(struct file_table *f, enum file_kind kind, int fd, struct file **ret)
{
	return file_table_add_kernel(f, kind, 0, fd, ret);
}

int file_table_add_kernel(struct file_table *f, enum file_kind kind, uint64_t text, int fd,
			  struct file **ret)
{
	_cleanup_close_ int owned = fd;
	struct stat st;
	int r;

	r = sys_fstat(fd, &st);
	if (r < 0)
		return r;
	for (size_t i = 0; i < f->n; i++)
		if (f->entries[i].kind == kind && f->entries[i].kernel_text == text &&
		    stat_equal(&f->entries[i].stat, &st)) {
			*ret = touch(f, &f->entries[i]);
			return 0;
		}
	r = reserve(f);
	if (r < 0)
		return r;
	f->entries[f->n] = (struct file){
		.handle = ++f->last_handle,
		.kernel_text = text,
		.kind = kind,
		.fd = TAKE_FD(owned),
		.debug_fd = -1,
		.table_fd = -1,
		.stat = st,
	};
	*ret = touch(f, &f->entries[f->n++]);
	return 0;
}

bool file_is_unchanged(const struct file *file)
{
	struct stat now;

	return sys_fstat(file->fd, &now) == 0 && stat_equal(&file->stat, &now);
}

struct file *file_table_find_mapped(struct file_table *f, uint32_t device_major, uint32_t device_minor,
			       uint64_t inode)
{
	dev_t device = makedev(device_major, device_minor);

	for (size_t i = 0; i < f->n; i++) {
		struct file *file = &f->entries[i];

		if (file->kind == FILE_ELF && file->kernel_text == 0 && file->stat.st_dev == device &&
		    file->stat.st_ino == inode && file_is_unchanged(file))
			return touch(f, file);
	}
	return NULL;
}

struct file *file_table_find_build(struct file_table *f, const uint8_t *build_id, uint32_t len)
{
	for (size_t i = 0; i < f->n; i++) {
		struct file *file = &f->entries[i];

		if (file->kind == FILE_TABLE && file->kernel_text == 0 && file->state == FILE_GOOD &&
		    file->known.build_id_len == len &&
		    memcmp(file->known.build_id, build_id, len) == 0)
			return touch(f, file);
	}
	return NULL;
}

int file_table_find(struct file_table *f, uint64_t handle, struct file **ret)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->entries[i].handle == handle) {
			*ret = touch(f, &f->entries[i]);
			return 0;
		}
	return handle > 0 && handle <= f->last_handle ? -ESTALE : -ENOENT;
}

static void *copy_of(const void *data, size_t len)
{
	void *copy = malloc(len ? len : 1);

	if (copy && len > 0)
		memcpy(copy, data, len);
	return copy;
}

int file_set_good(struct file *file, const struct hearth_inspected *known)
{
	_cleanup_free_ void *loads = copy_of(known->loads, known->n_loads * sizeof(*known->loads));
	_cleanup_free_ void *build_id = copy_of(known->build_id, known->build_id_len);
	_cleanup_free_ char *debug_link = known->debug_link ? strdup(known->debug_link) : NULL;

	if (!loads || !build_id || (known->debug_link && !debug_link))
		return -ENOMEM;
	file->known = *known;
	file->known.handle = file->handle;
	file->known.loads = TAKE_PTR(loads);
	file->known.build_id = TAKE_PTR(build_id);
	file->known.debug_link = TAKE_PTR(debug_link);
	file->state = FILE_GOOD;
	file->n_blames = 0;
	return 0;
}

void file_settle_debug(struct file *file, int fd)
{
	closep(&file->debug_fd);
	file->debug_fd = fd;
	file->is_debug_settled = true;
	file->is_table_settled = file->is_archived = false; /* a table without it does not serve any more */
}

static void cause_set(struct file *file, const char *cause)
{
	free(file->cause);
	file->cause = strdup(cause);
}

void file_set_bad(struct file *file, int status, const char *cause)
{
	file->state = FILE_BAD;
	file->status = status;
	cause_set(file, cause);
}

void file_blame(struct file *file, const char *cause)
{
	uint64_t block_ns = MIN_BLOCK_NS << (file->n_blames < 9 ? file->n_blames : 9);

	file->n_blames++;
	file->blocked_until_ns =
		clock_monotonic_ns() + (block_ns < MAX_BLOCK_NS ? block_ns : MAX_BLOCK_NS);
	cause_set(file, cause);
}

bool file_is_blocked(const struct file *file)
{
	return clock_monotonic_ns() < file->blocked_until_ns;
}
