/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hearth.inspect/1: what is in the files that other processes map.
 *
 * Two helper processes stand behind it. The opener opens files of other processes and parses
 * nothing; the inspector parses what it is handed and can open nothing. Either may be killed
 * at any moment: that costs names, never samples, and the answer then says why.
 *
 * Every call answers through a callback on the instance thread of the caller, within 2 s; what
 * the callback gets is borrowed. A handle is never reused while the host runs, so it may travel
 * in a batch (struct hearth_binary.handle) from the source that opened the file to the
 * symbolizer that asks for names.
 */
#ifndef HEARTH_INSPECT_H
#define HEARTH_INSPECT_H

#include <hearth/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_INSPECT_SERVICE "hearth.inspect/1"

/*
 * As the path of a target: the code that a process makes itself (JIT), in anonymous memory. Its
 * handle then names runtime addresses, for as long as the process or its perf map lasts; such
 * names come and go while the program runs, so nobody keeps them.
 */
#define HEARTH_INSPECT_CODE "[jit]"

/* A file as a process maps it. */
struct hearth_inspect_target {
	uint32_t size;
	int32_t pid;         /* as the host's pid namespace numbers it */
	uint64_t start_time; /* field 22 of /proc/PID/stat, clock ticks since boot; 0: do not check */
	const char *path;    /* as /proc/PID/maps or MMAP2 shows it: a file, "[vdso]", or "[jit]" */
	uint64_t inode;      /* of the mapping; the opened file must have both */
	uint32_t device_major, device_minor;
	uint64_t map_start, map_end; /* of one mapping, for /proc/PID/map_files; 0: unknown */
};

/*
 * As the path of a recorded file: the kernel that a recording ran on. Its handle then names
 * addresses as that kernel had them, wherever the running one lies.
 */
#define HEARTH_INSPECT_KERNEL "[kernel]"

/* A file as a recording names it: whoever mapped it may be gone, or was on another machine. */
struct hearth_inspect_recorded {
	uint32_t size;
	uint32_t build_id_len; /* 0: unknown; then the file at path is taken as it is */
	const uint8_t *build_id;
	const char *path;
	uint64_t kernel_text; /* of HEARTH_INSPECT_KERNEL: address of _text in the recording; else 0 */
};

/* A PT_LOAD segment: file offset + (vaddr - offset) = ELF virtual address. */
struct hearth_elf_load {
	uint64_t offset, file_size, vaddr, mem_size;
	uint32_t flags, reserved; /* PF_X … */
};

struct hearth_inspected {
	uint32_t size;
	int32_t status;      /* 0, or -errno; then only `cause` is set */
	const char *cause;   /* NULL, or why it cannot be read: "file is gone", "helper restarted" */
	uint64_t handle, file_size;
	const uint8_t *build_id;
	uint32_t build_id_len, n_loads;
	const struct hearth_elf_load *loads;
	uint32_t load_stride, flags;
	const char *debug_link; /* from an inspector: name in .gnu_debuglink, or NULL */
};

/* hearth_inspected.flags */
enum {
	HEARTH_ELF_SYMTAB = 1u << 0, /* has .symtab: not stripped */
	HEARTH_ELF_DYNSYM = 1u << 1,
};

/* One line of an address: innermost inlined function first, the physical function last. */
struct hearth_symbol_line {
	const char *function; /* as the linker knows it, mangled */
	const char *file;     /* NULL: unknown */
	uint32_t line, column; /* 0: unknown */
	uint64_t start;       /* address of the function's first byte */
	const char *name;     /* for people: demangled; NULL: as `function` */
};

struct hearth_symbol {
	uint32_t first_line, n_lines; /* in hearth_named.lines; n_lines 0: unnamed */
	const char *cause;  /* NULL, or why it has no name: "no symbol covers it" */
	const char *module; /* kernel module, or NULL */
};

struct hearth_named {
	uint32_t size;
	int32_t status; /* -errno: no symbol was looked up, for `cause` */
	const char *cause;
	const struct hearth_symbol *symbols; /* as many as addresses were asked for, in their order */
	const struct hearth_symbol_line *lines;
	uint32_t n_symbols, symbol_stride, n_lines, line_stride;
};

typedef void (*hearth_inspected_fn)(void *ctx, const struct hearth_inspected *answer);
typedef void (*hearth_named_fn)(void *ctx, const struct hearth_named *answer);

/* [instance thread], all of them. 0: the callback will come; -errno: it will not. */
struct hearth_inspect {
	uint32_t size, reserved;

	/* Opens and identifies the file; one that is open already answers from memory. */
	int32_t (*open)(const struct hearth_host *h, const struct hearth_inspect_target *t,
			hearth_inspected_fn fn, void *ctx);

	/* ELF virtual addresses of one file → functions. At most 4,096 addresses. */
	int32_t (*names)(const struct hearth_host *h, uint64_t handle, const uint64_t *addresses,
			 uint32_t n, hearth_named_fn fn, void *ctx);

	/* Kernel addresses → functions and modules. At most 4,096 addresses. */
	int32_t (*kernel)(const struct hearth_host *h, const uint64_t *addresses, uint32_t n,
			  hearth_named_fn fn, void *ctx);

	/*
	 * Finds the file by build id (at its path, among debug files, in the cache of symbols, in a
	 * bundle) and identifies it; answers like open(). NULL: this host cannot.
	 */
	int32_t (*open_recorded)(const struct hearth_host *h, const struct hearth_inspect_recorded *t,
				 hearth_inspected_fn fn, void *ctx);
};

#ifdef __cplusplus
}
#endif
#endif
