/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hearth.inspect/1: what is in the files that other processes map.
 *
 * Helper processes stand behind it. The opener opens files of other processes and parses
 * nothing; the inspector parses what it is handed and can open nothing, and so does the unwinder,
 * another process of the same program, started for the first unwind(). Each may be killed at any
 * moment: that costs names and unwound stacks, never samples, and the answer then says why.
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

/*
 * unwind(): from the registers of a thread and a piece of its stack to its callers, by the rules
 * that compilers leave in .eh_frame and .debug_frame; by frame pointers where there are none.
 * Limits of one request:
 */
#define HEARTH_UNWIND_MAX_BYTES (4u << 20) /* what mappings, registers and stacks take together */
#define HEARTH_UNWIND_MAX_SAMPLES 1024u
#define HEARTH_UNWIND_MAX_STACK 65536u     /* bytes of one stack */
#define HEARTH_UNWIND_MAX_FRAMES 1024u     /* of one sample */

/* Executable memory of a process that a file is behind. */
struct hearth_unwind_mapping {
	uint64_t start, end;     /* runtime addresses, half open */
	uint64_t offset, handle; /* the file's byte at start; of open() or open_recorded() */
};

/*
 * What a process had mapped when its samples were taken. Mappings do not overlap and come by rising
 * start. It is told with every request, so that nothing is lost with a helper; one that is known
 * already costs its comparison. Memory that is in no mapping is unwound by frame pointers.
 */
struct hearth_unwind_space {
	const struct hearth_unwind_mapping *mappings;
	uint32_t n_mappings, mapping_stride;
};

struct hearth_unwind_sample {
	uint32_t space;          /* in the request's spaces; cheapest where neighbours have the same */
	uint32_t stack_bytes;    /* a multiple of 8 */
	uint64_t register_mask;  /* bit n: register n as <asm/perf_regs.h> of the machine counts */
	const uint64_t *registers; /* one for each bit, by rising bit */
	uint64_t stack_address;  /* of stack[0]: where the stack pointer pointed to */
	const uint8_t *stack;
};

struct hearth_unwind_request {
	uint32_t size;
	uint32_t machine;        /* EM_X86_64 or EM_AARCH64; 64-bit code only */
	const struct hearth_unwind_space *spaces;
	const struct hearth_unwind_sample *samples;
	uint32_t n_spaces, space_stride, n_samples, sample_stride;
	uint32_t max_frames;     /* of one sample; 0: HEARTH_UNWIND_MAX_FRAMES */
	uint32_t reserved;
};

/* hearth_unwound_frame.flags */
enum {
	HEARTH_UNWOUND_IS_RETURN = 1u << 0, /* the same bit as HEARTH_FRAME_IS_RETURN */
};

/*
 * The first one is where the thread was. Others are return addresses, as in a call chain of the
 * kernel: the call is before them. But not where a signal interrupted the code: neither the code
 * that the handler returns to nor the interrupted one has called anything.
 */
struct hearth_unwound_frame {
	uint64_t address;        /* runtime */
	uint32_t flags, reserved;
};

/* hearth_unwound_stack.end */
enum {
	HEARTH_UNWOUND_WHOLE = 0,    /* the outermost function said that nobody called it */
	HEARTH_UNWOUND_STACK = 1,    /* it goes on beyond the piece of the stack */
	HEARTH_UNWOUND_RULES = 2,    /* no rule covers its last frame, and frame pointers led nowhere */
	HEARTH_UNWOUND_MAPPING = 3,  /* the same, where its last frame is in no mapping */
	HEARTH_UNWOUND_FILE = 4,     /* the same, where the file of its last frame has no rules at all,
				      * or cannot be read */
	HEARTH_UNWOUND_DEPTH = 5,    /* max_frames are there */
	HEARTH_UNWOUND_REGISTERS = 6, /* stack pointer or instruction pointer was not sampled */
	HEARTH_UNWOUND_MEMORY = 7,   /* not enough memory */
};

struct hearth_unwound_stack {
	uint32_t first_frame, n_frames; /* in hearth_unwound.frames, leaf first; 0 only for REGISTERS */
	uint32_t end, reserved;         /* HEARTH_UNWOUND_…, of which others may be added */
	const char *cause;              /* the same for people; NULL: whole */
};

struct hearth_unwound {
	uint32_t size;
	int32_t status; /* -errno: no sample was unwound, for `cause` */
	const char *cause;
	const struct hearth_unwound_stack *stacks; /* one for each sample, in their order */
	const struct hearth_unwound_frame *frames;
	uint32_t n_stacks, stack_stride, n_frames, frame_stride;
};

typedef void (*hearth_inspected_fn)(void *ctx, const struct hearth_inspected *answer);
typedef void (*hearth_named_fn)(void *ctx, const struct hearth_named *answer);
typedef void (*hearth_unwound_fn)(void *ctx, const struct hearth_unwound *answer);

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

	/*
	 * All that is asked is copied before it returns. -EINVAL: a limit is passed; -EAGAIN: too
	 * much is under way, ask again after an answer. NULL: this host cannot.
	 */
	int32_t (*unwind)(const struct hearth_host *h, const struct hearth_unwind_request *request,
			  hearth_unwound_fn fn, void *ctx);
};

#ifdef __cplusplus
}
#endif
#endif
