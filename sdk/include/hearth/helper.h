/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a component of kind HEARTH_HELPER brings: the code that reads foreign files.
 *
 * It is loaded only in the inspector, a process of its own that has no capability, no file
 * system and no network. create() makes an instance that begins with struct hearth_inspector;
 * no other callback of the component is called. create() is the last moment to load anything:
 * afterwards only memory, the fds passed to a call and read() and pread() on them are left, and
 * another system call ends the process. The host vtable that create() gets has instance, log,
 * now_ns and a service() that knows no service.
 *
 * The process has one thread; "[inspector]" marks functions that it calls, one at a time. It may
 * be killed at any moment, and is when a call takes too long. Files are hostile: never mmap one,
 * never trust a length in it.
 */
#ifndef HEARTH_HELPER_H
#define HEARTH_HELPER_H

#include <hearth/inspect.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where names() and kernel() put their answers: one call per address, in order. */
struct hearth_naming {
	uint32_t size, reserved;
	void *ctx;
	/*
	 * Innermost line first. n_lines 0: unnamed, for `cause`. module and cause may be NULL. All
	 * is borrowed. Not 0: give up and return it.
	 */
	int32_t (*symbol)(void *ctx, const char *module, const char *cause,
			  const struct hearth_symbol_line *lines, uint32_t n_lines);
};

/* Where the symbols of one mapped file are. */
struct hearth_symbol_fds {
	uint32_t size;
	int32_t mapped;        /* the file itself, or -1: it is gone, and there is a table */
	int32_t debug;         /* the debug file that matched it, or -1; may be so the next time */
	int32_t table;         /* what store() once wrote of them, or -1, */
	uint64_t table_offset; /* from here to the end of that file */
};

/* hearth_table_state: what names() found out about the stored table. */
enum {
	HEARTH_TABLE_WANTED = 1u << 0,  /* there is none, and these symbols are worth one */
	HEARTH_TABLE_DAMAGED = 1u << 1, /* there is one, and it is none; the files were read instead */
};

/* Where store() puts a table: its bytes in order. */
struct hearth_table_sink {
	uint32_t size, reserved;
	void *ctx;
	int32_t (*write)(void *ctx, const void *data, uint64_t len); /* 0, or -errno: give up */
};

/* How one sample ended; as hearth_unwound_stack, with its frames. */
struct hearth_unwinding {
	uint32_t size;
	uint32_t end, n_frames, reserved;
	const struct hearth_unwound_frame *frames; /* until the next unwind() */
	uint64_t wanted; /* of -EAGAIN: the handle of a file to be told about */
};

struct hearth_inspector {
	uint32_t size, reserved;

	/*
	 * [inspector] Build id, segments, flags. *ret is zeroed but for its size; what it points to
	 * lives until the next call. 0 or -errno, then with a static text in ret->cause.
	 */
	int32_t (*identify)(struct hearth_inspector *i, int32_t fd, struct hearth_inspected *ret);

	/*
	 * [inspector] 0 if debug_fd holds the symbols of the very build that is behind fd. Errors as
	 * of names(); -ESTALE: it is of another build.
	 */
	int32_t (*match_debug)(struct hearth_inspector *i, int32_t fd, int32_t debug_fd,
			       const char **ret_cause);

	/*
	 * [inspector] ELF virtual addresses of a mapped file → names. A handle stands for one
	 * unchanged file for ever, so tables may be kept by it. 0 or -errno, then with a static text
	 * in *ret_cause; *ret_table is set either way.
	 */
	int32_t (*names)(struct hearth_inspector *i, uint64_t handle,
			 const struct hearth_symbol_fds *fds, const uint64_t *addresses, uint32_t n,
			 const struct hearth_naming *out, uint32_t *ret_table,
			 const char **ret_cause);

	/*
	 * [inspector] Kernel addresses → names and modules, from the text of /proc/kallsyms and
	 * /proc/modules (modules_fd -1: this kernel has none). Errors as of names().
	 */
	int32_t (*kernel)(struct hearth_inspector *i, int32_t symbols_fd, int32_t modules_fd,
			  const uint64_t *addresses, uint32_t n, const struct hearth_naming *out,
			  const char **ret_cause);

	/*
	 * [inspector] Runtime addresses of generated code → names, from the perf map behind fd. Unlike
	 * other files, that one may have changed since the last call. Errors as of names().
	 */
	int32_t (*code)(struct hearth_inspector *i, uint64_t handle, int32_t fd,
			const uint64_t *addresses, uint32_t n, const struct hearth_naming *out,
			const char **ret_cause);

	/*
	 * [inspector] The symbols of a file that names() wanted a table of, from fds->mapped and
	 * fds->debug. Called in a process that has seen no other file and ends with the answer: so
	 * what is in a table comes from that file alone. Errors as of names().
	 */
	int32_t (*store)(struct hearth_inspector *i, const struct hearth_symbol_fds *fds,
			 const struct hearth_table_sink *sink, const char **ret_cause);

	/*
	 * [inspector] As identify(), of a file that is gone, by what store() once wrote of it: from
	 * `offset` to the end of the file behind fd. It tells segments and flags.
	 */
	int32_t (*identify_table)(struct hearth_inspector *i, int32_t fd, uint64_t offset,
				  struct hearth_inspected *ret);

	/*
	 * [inspector] The samples of unwind() are of this process from now on. Mappings are hostile:
	 * they may overlap, wrap and lead nowhere. machine: as hearth_unwind_request. Errors as of
	 * names().
	 */
	int32_t (*unwind_space)(struct hearth_inspector *i, uint32_t machine,
				const struct hearth_unwind_mapping *mappings, uint32_t n,
				const char **ret_cause);

	/*
	 * [inspector] Reads the rules of a file that unwind() wanted; both fds may be closed then.
	 * fds NULL: it cannot be had. Either way it is not wanted again, unless memory was short.
	 */
	void (*unwind_file)(struct hearth_inspector *i, uint64_t handle,
			    const struct hearth_symbol_fds *fds);

	/*
	 * [inspector] 0 and all of *ret but `wanted`; -EAGAIN: only that, and the sample is to be
	 * asked about again; is_final: what is not known now will not be. Other errors as of names().
	 */
	int32_t (*unwind)(struct hearth_inspector *i, const struct hearth_unwind_sample *sample,
			  uint32_t max_frames, uint32_t is_final, struct hearth_unwinding *ret,
			  const char **ret_cause);

	/*
	 * [inspector] As kernel(), of addresses that the same build of the kernel had in a boot in which
	 * its symbol _text was at `text`. Names start where they did then.
	 */
	int32_t (*kernel_recorded)(struct hearth_inspector *i, int32_t symbols_fd, int32_t modules_fd,
				   uint64_t text, const uint64_t *addresses, uint32_t n,
				   const struct hearth_naming *out, const char **ret_cause);
};

#ifdef __cplusplus
}
#endif
#endif
