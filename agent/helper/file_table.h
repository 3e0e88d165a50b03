/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that are open for the inspector: one handle per file and state of it (device, inode,
 * size, times), so a file that is written in place becomes another one. A held fd keeps the
 * inode number from being used again, so (device, inode) of an entry stays unambiguous. Beyond
 * the cap the least recently used is closed, and its handle is stale for ever.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <hearth/inspect.h>

#include "util/cleanup.h"

enum file_kind {
	FILE_ELF = 0,
	FILE_TABLE,    /* a stored table of a file that is gone */
	FILE_KERNEL,   /* what identifies the running kernel; its symbols are elsewhere */
	FILE_PERF_MAP, /* grows, so one that grew is opened as another one */
};

enum file_state {
	FILE_UNKNOWN = 0, /* not inspected yet */
	FILE_GOOD,        /* `known` is what it is */
	FILE_BAD,         /* cannot be inspected: status and cause */
};

struct file {
	uint64_t handle;
	uint64_t kernel_text; /* 0, or where the kernel that it is lay in a recording */
	enum file_kind kind; /* one file on disk may be both, and is two entries then */
	int fd;
	struct stat stat;
	enum file_state state;
	struct hearth_inspected known; /* FILE_GOOD; owns what it points to */
	int debug_fd;           /* of its separate debug file, -1: none */
	bool is_debug_settled;  /* it need not be looked for, or was */
	int table_fd;           /* of its stored table, -1: none */
	bool is_table_settled;  /* it was looked for */
	bool is_archived;       /* one was made, or is being made, or cannot be */
	int status;             /* FILE_BAD */
	char *cause;            /* FILE_BAD and blamed ones */
	uint64_t blocked_until_ns; /* it has killed or hung the inspector: not to be sent before */
	unsigned int n_blames;
	uint64_t used;
};

struct file_table;

int file_table_new(size_t max, struct file_table **ret);
struct file_table *file_table_free(struct file_table *f); /* NULL */
DEFINE_CLEANUP(struct file_table *, file_table_free)

/*
 * The entry of the file behind fd. Takes fd: it becomes the entry's, or is closed if there is one
 * already. Entries move: a pointer is good until the next file_table_add.
 */
int file_table_add(struct file_table *f, enum file_kind kind, int fd, struct file **ret);

/* As file_table_add, of a kernel whose _text was at `text`: a handle for each place. */
int file_table_add_kernel(struct file_table *f, enum file_kind kind, uint64_t text, int fd,
			  struct file **ret);

/* The entry of a mapping whose file is open as an ELF file and unchanged, or NULL. */
struct file *file_table_find_mapped(struct file_table *f, uint32_t device_major, uint32_t device_minor,
			       uint64_t inode);

/* The stored table that stands for a build, or NULL. */
struct file *file_table_find_build(struct file_table *f, const uint8_t *build_id, uint32_t len);

/* -ESTALE: it was closed; -ENOENT: there never was such a handle. */
int file_table_find(struct file_table *f, uint64_t handle, struct file **ret);

/* What the inspector said; all is copied. */
int file_set_good(struct file *file, const struct hearth_inspected *known);
void file_set_bad(struct file *file, int status, const char *cause);

/*
 * The search for its debug file is over; takes fd, -1: there is none. A table holds at most `max`
 * fds, those of debug files and stored tables included, but for what is set here: until the next
 * file_table_add.
 */
void file_settle_debug(struct file *file, int fd);

/* False: it was written to since it was opened. */
bool file_is_unchanged(const struct file *file);

/* Blocks it for 10 s, twice as long each further time (at most an hour). */
void file_blame(struct file *file, const char *cause);
bool file_is_blocked(const struct file *file);

size_t file_table_length(const struct file_table *f);
