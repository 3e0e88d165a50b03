/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that a recording says were mapped, one entry per path and build id, and what
 * hearth.inspect/1 finds of each on this machine, which may be another one than the recording's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hearth/inspect.h>

enum recorded_state {
	RECORDED_NEW,     /* nobody has asked yet */
	RECORDED_PENDING, /* asked */
	RECORDED_KNOWN,
	RECORDED_FAILED,  /* `cause` says why */
};

struct recorded_file {
	struct recorded_file *next; /* in its bucket */
	struct recorded_files *owner;
	char *path, *cause;
	uint64_t handle, size, kernel_text;
	struct hearth_elf_load *loads;
	uint32_t n_loads, hash;
	uint32_t index;             /* from 1, in order of appearance */
	uint32_t build_id_len;      /* as recorded; else as found */
	uint8_t build_id[32];
	enum recorded_state state;
};

/* What a recording says of a file. */
struct recorded_key {
	const char *path;     /* HEARTH_INSPECT_KERNEL: the kernel */
	size_t path_len;
	const uint8_t *build_id;
	uint32_t build_id_len; /* 0: unknown */
	uint64_t kernel_text;  /* of the kernel: address of _text in the recording */
};

/* One file's symbols may serve all; more than this many are an attack. */
enum { RECORDED_MAX_FILES = 1 << 17, RECORDED_BUCKETS = 4096 };

struct recorded_files {
	const struct hearth_host *host;
	const struct hearth_inspect *inspect; /* NULL: nothing can be found */
	struct recorded_file *buckets[RECORDED_BUCKETS];
	uint32_t n, n_pending;
	void (*answered)(void *ctx); /* called after each answer */
	void *answered_ctx;
};

void recorded_init(struct recorded_files *f, const struct hearth_host *host);
void recorded_done(struct recorded_files *f);

/* The entry of a file, made if there is none; lives as long as f. NULL: no memory, or too many. */
struct recorded_file *recorded_find(struct recorded_files *f, const struct recorded_key *key);

/* Has the file looked for, once. [instance thread] */
void recorded_want(struct recorded_file *file);

/* File offset → ELF virtual address of a known file; false: no segment holds it. */
bool recorded_address(const struct recorded_file *file, uint64_t file_offset, uint64_t *ret_address);

/* The same for the first byte of a mapping of `len` bytes, which may lie before its segment. */
bool recorded_base(const struct recorded_file *file, uint64_t file_offset, uint64_t len,
		   uint64_t *ret_address);
