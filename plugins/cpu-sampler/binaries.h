/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that sampled processes map, one entry per file however many processes map it, and
 * what hearth.inspect/1 says of each: handle, build id, segments.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hearth/inspect.h>

enum binary_state {
	BINARY_NEW,     /* nobody has asked yet */
	BINARY_PENDING, /* asked */
	BINARY_KNOWN,
	BINARY_FAILED,  /* `cause` says why */
	BINARY_SPECIAL, /* not a file: "[vsyscall]" */
};

#define BINARY_VDSO "[vdso]"

struct binary_key {
	uint32_t device_major, device_minor;
	uint64_t inode; /* 0: not a file */
	const char *path;
	size_t path_len;
};

struct binary {
	struct binary *next; /* in its bucket */
	struct binaries *owner;
	char *path;
	uint64_t inode;
	uint32_t device_major, device_minor;
	uint32_t hash, n_refs;
	enum binary_state state;
	bool is_code;        /* of one process, which the key tells; addresses are those of runtime */
	bool is_asked_here;  /* the pending question is for the path as this process sees it */
	uint32_t build_id_len;
	uint8_t build_id[32];
	uint64_t handle, file_size;
	uint64_t asked_ns, last_used_ns;
	uint64_t n_cut;      /* samples whose stack ends in it, for want of frame pointers */
	struct hearth_elf_load *loads;
	uint32_t n_loads;
	uint32_t row;        /* in the window `window` */
	uint64_t window;
	char *cause;
};

struct binaries {
	const struct hearth_host *host;
	const struct hearth_inspect *inspect; /* NULL: nothing can be opened */
	struct binary **buckets;
	size_t n_buckets, n;
	uint32_t n_pending;
	void (*answered)(void *ctx); /* called after each answer; may be NULL */
	void *answered_ctx;
};

int binaries_init(struct binaries *b, const struct hearth_host *host);
void binaries_done(struct binaries *b);

/* The entry of a file, made if there is none, with a reference for the caller. NULL: no memory. */
struct binary *binaries_ref(struct binaries *b, const struct binary_key *key);
/* The same for the code that a process makes itself, which is that of no other process. */
struct binary *binaries_ref_code(struct binaries *b, uint32_t pid, uint32_t exec_generation,
				 uint64_t start_time);
struct binary *binary_ref(struct binary *b);
void binary_unref(struct binary *b); /* NULL */

/* Where a process has a file mapped: all that the opener needs. */
struct binary_sighting {
	uint32_t pid;
	uint64_t start_time, map_start, map_end;
};

/*
 * Asks for a file when its first sample is seen; again, at most once a second, when the last
 * answer was a failure and another process has it mapped.
 */
void binary_want(struct binary *b, const struct binary_sighting *where, uint64_t now_ns);

/* File offset → ELF virtual address of a known binary; false: no segment holds it. */
bool binary_address(const struct binary *b, uint64_t file_offset, uint64_t *ret_address);

/*
 * The ELF virtual address that the byte at file_offset has, or would have if its segment began so
 * early: mappings begin on pages. `len` bytes are mapped from there. False: nothing executable.
 */
bool binary_base(const struct binary *b, uint64_t file_offset, uint64_t len, uint64_t *ret_address);

/* The files with the highest n_cut, highest first, at most n; how many there are. */
size_t binaries_most_cut(const struct binaries *b, const struct binary **ret, size_t n);

/* Frees what no process maps and no sample has hit since `before_ns`. */
void binaries_sweep(struct binaries *b, uint64_t before_ns);
