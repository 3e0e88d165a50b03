/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hearth.profile/1: one time window of samples of one event, in the container of
 * hearth/flat.h.
 *
 * Addresses of frames in ELF files are ELF virtual addresses (runtime address minus the bias of
 * the mapping), so that tables agree across processes and hosts. A column that a producer does
 * not know is absent or zero: folded stacks have no time and no thread. A stack that was cut
 * says why; it is never passed off as whole.
 *
 * Every row is 8-byte aligned and without implicit padding; `reserved` is zero. Fields named
 * after a table hold an index into it.
 */
#ifndef HEARTH_PROFILE_H
#define HEARTH_PROFILE_H

#include <hearth/flat.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_PROFILE_SCHEMA "hearth.profile/1"

/* Section ids; 1 is HEARTH_STRINGS. */
enum {
	HEARTH_PROFILE_INFO = 2,         /* struct hearth_profile_info, one row */
	HEARTH_PROFILE_BINARIES = 3,     /* struct hearth_binary */
	HEARTH_PROFILE_MAPPINGS = 4,     /* struct hearth_mapping */
	HEARTH_PROFILE_PROCESSES = 5,    /* struct hearth_process */
	HEARTH_PROFILE_THREADS = 6,      /* struct hearth_thread */
	HEARTH_PROFILE_FUNCTIONS = 7,    /* struct hearth_function */
	HEARTH_PROFILE_LINES = 8,        /* struct hearth_line */
	HEARTH_PROFILE_FRAMES = 9,       /* struct hearth_frame */
	HEARTH_PROFILE_FRAME_LINES = 10, /* struct hearth_frame_lines, parallel to FRAMES */
	HEARTH_PROFILE_STACK_FRAMES = 11, /* uint32_t frame, leaf first */
	HEARTH_PROFILE_STACKS = 12,      /* struct hearth_stack */
	HEARTH_PROFILE_SAMPLES = 13,     /* struct hearth_sample; has no row 0 of zeros */
	HEARTH_PROFILE_LINKS = 14,       /* struct hearth_link */
	HEARTH_PROFILE_EVENTS = 15,      /* struct hearth_process_event; no row of zeros */
	HEARTH_PROFILE_LOSSES = 16,      /* struct hearth_loss; no row of zeros */
	HEARTH_PROFILE_LABELS = 17,      /* struct hearth_label_row, referred to by ranges */
};

/* hearth_profile_info.flags */
enum {
	HEARTH_PROFILE_REDUCED = 1u << 0, /* the overhead budget had lowered the rate; see period */
};

struct hearth_profile_info {
	uint32_t event;                       /* string: "cpu-clock" */
	uint32_t sample_type, sample_unit;    /* strings: "samples", "count" */
	uint32_t period_type, period_unit;    /* strings: "cpu", "nanoseconds" */
	uint32_t flags;
	uint64_t period;                      /* in period_unit, between two samples */
	uint64_t window_start_ns, window_end_ns;        /* CLOCK_MONOTONIC, half open */
	uint64_t clock_monotonic_ns, clock_realtime_ns; /* one instant on both clocks */
	uint64_t samples_taken;               /* in this window: delivered here + lost */
};

struct hearth_binary {
	uint32_t path;         /* string: as mapped, or "[kernel]", "[vdso]", "[jit]", module name */
	uint32_t build_id_len; /* bytes used of build_id */
	uint8_t build_id[32];
	uint64_t size;         /* of the file in bytes; 0: unknown */
	uint64_t handle;       /* hearth.inspect/1 of this host; 0: none; means nothing elsewhere */
	uint32_t cause;        /* string: why the file could not be read; 0: it was, or not tried */
	uint32_t reserved;
};

struct hearth_mapping {
	uint64_t start, end;    /* runtime addresses, half open */
	uint64_t file_offset;
	uint32_t process, binary; /* process 0: the kernel's own */
	uint64_t vaddr;         /* ELF address that the byte at start has; only if the binary was read */
};

struct hearth_process {
	uint32_t pid, exec_generation; /* generation 0 until the first exec seen */
	uint64_t start_time;           /* clock ticks since boot, /proc/PID/stat field 22; 0: unknown */
	uint32_t comm, exe;            /* strings */
	uint32_t container;            /* string: container id; 0: none or unknown */
	uint32_t parent_pid;           /* 0: unknown */
	uint32_t first_label, n_labels; /* range of LABELS */
};

struct hearth_thread {
	uint32_t process, tid;
	uint32_t comm, reserved; /* string */
};

struct hearth_function {
	uint32_t name;        /* string, for people */
	uint32_t system_name; /* string, as the linker knows it; 0: same */
	uint32_t file, start_line;
	uint64_t start;       /* address in the frame's binary; 0: unknown */
};

struct hearth_line {
	uint32_t function, line;
	uint32_t column, reserved;
};

/* hearth_frame.kind */
enum {
	HEARTH_FRAME_UNKNOWN = 0,
	HEARTH_FRAME_KERNEL = 1,
	HEARTH_FRAME_NATIVE = 2,
	HEARTH_FRAME_JIT = 3,
	HEARTH_FRAME_INTERPRETED = 4,
};

/* hearth_frame.flags */
enum {
	HEARTH_FRAME_IS_RETURN = 1u << 0,  /* a return address: look up address - 1 */
	HEARTH_FRAME_RAW = 1u << 1,        /* address is the runtime address, not the ELF one */
};

struct hearth_frame {
	uint64_t address;
	uint32_t binary, mapping; /* mapping: only where RAW, or where the binary is not known */
	uint32_t kind, flags;
	uint32_t cause;           /* string: why it is not (binary, ELF address); 0: it is */
	uint32_t reserved;
};

/* Names of a frame: a range of LINES, innermost inlined function first, the physical last. */
struct hearth_frame_lines {
	uint32_t first, count;
	uint32_t cause, reserved; /* string: why there is no name; 0: there is */
};

struct hearth_stack {
	uint32_t first, count; /* range of STACK_FRAMES, leaf first */
	uint32_t truncated;    /* string: why the stack was cut; 0: it is whole */
	uint32_t reserved;
};

#define HEARTH_NO_CPU 0xffffffffu

struct hearth_sample {
	uint64_t time_ns; /* CLOCK_MONOTONIC; 0: unknown */
	uint64_t value;   /* in sample_unit */
	uint32_t stack, thread;
	uint32_t cpu, link;
	uint64_t period;  /* in period_unit, what this one stands for; 0: hearth_profile_info.period */
};

struct hearth_link {
	uint8_t trace_id[16];
	uint8_t span_id[8];
};

/* hearth_process_event.kind */
enum {
	HEARTH_EVENT_FORK = 1,
	HEARTH_EVENT_EXEC = 2, /* string: new comm */
	HEARTH_EVENT_COMM = 3, /* string: new comm */
	HEARTH_EVENT_MMAP = 4, /* mapping */
	HEARTH_EVENT_EXIT = 5,
};

struct hearth_process_event {
	uint64_t time_ns;
	uint32_t kind, process;
	uint32_t tid, string;
	uint32_t mapping, other_pid; /* FORK: the parent's pid */
};

/* hearth_loss.kind */
enum {
	HEARTH_LOSS_SAMPLES = 1, /* taken, but not in this batch */
	HEARTH_LOSS_STACKS = 2,  /* in this batch, truncated */
	HEARTH_LOSS_EVENTS = 3,  /* process events that the kernel dropped */
	HEARTH_LOSS_NAMES = 4,   /* frames of samples without a name */
};

struct hearth_loss {
	uint32_t kind, cause; /* string: "ring full" */
	uint64_t count;
};

struct hearth_label_row {
	uint32_t key, value;
};

/* Typed accessors: a row by value, the row of zeros for an index out of range. */
#define HEARTH_PROFILE_ACCESSOR(name, type, id) \
	static inline struct type hearth_profile_##name(const struct hearth_flat *f, uint64_t i) \
	{ \
		struct type row; \
		hearth_flat_row(f, id, i, &row, sizeof(row)); \
		return row; \
	}

HEARTH_PROFILE_ACCESSOR(binary, hearth_binary, HEARTH_PROFILE_BINARIES)
HEARTH_PROFILE_ACCESSOR(mapping, hearth_mapping, HEARTH_PROFILE_MAPPINGS)
HEARTH_PROFILE_ACCESSOR(process, hearth_process, HEARTH_PROFILE_PROCESSES)
HEARTH_PROFILE_ACCESSOR(thread, hearth_thread, HEARTH_PROFILE_THREADS)
HEARTH_PROFILE_ACCESSOR(function, hearth_function, HEARTH_PROFILE_FUNCTIONS)
HEARTH_PROFILE_ACCESSOR(line, hearth_line, HEARTH_PROFILE_LINES)
HEARTH_PROFILE_ACCESSOR(frame, hearth_frame, HEARTH_PROFILE_FRAMES)
HEARTH_PROFILE_ACCESSOR(frame_lines, hearth_frame_lines, HEARTH_PROFILE_FRAME_LINES)
HEARTH_PROFILE_ACCESSOR(stack, hearth_stack, HEARTH_PROFILE_STACKS)
HEARTH_PROFILE_ACCESSOR(sample, hearth_sample, HEARTH_PROFILE_SAMPLES)
HEARTH_PROFILE_ACCESSOR(link, hearth_link, HEARTH_PROFILE_LINKS)
HEARTH_PROFILE_ACCESSOR(event, hearth_process_event, HEARTH_PROFILE_EVENTS)
HEARTH_PROFILE_ACCESSOR(loss, hearth_loss, HEARTH_PROFILE_LOSSES)
HEARTH_PROFILE_ACCESSOR(label, hearth_label_row, HEARTH_PROFILE_LABELS)

#undef HEARTH_PROFILE_ACCESSOR

static inline struct hearth_profile_info hearth_profile_info(const struct hearth_flat *f)
{
	struct hearth_profile_info row;

	hearth_flat_row(f, HEARTH_PROFILE_INFO, 0, &row, sizeof(row));
	return row;
}

/* Frame number i (0: leaf) of a stack; 0 when there is none. */
static inline uint32_t hearth_profile_stack_frame(const struct hearth_flat *f,
						  const struct hearth_stack *s, uint32_t i)
{
	uint32_t frame = 0;

	if (i < s->count)
		hearth_flat_row(f, HEARTH_PROFILE_STACK_FRAMES, (uint64_t)s->first + i, &frame,
				sizeof(frame));
	return frame;
}

/* 0, or -EBADMSG for a batch that is not a well-formed profile. */
static inline int32_t hearth_profile_open(struct hearth_flat *f, const struct hearth_batch *b)
{
	int32_t r;

	if (strcmp(b->schema, HEARTH_PROFILE_SCHEMA) != 0)
		return -EBADMSG;
	r = hearth_flat_open(f, b);
	if (r < 0)
		return r;
	return hearth_flat_count(f, HEARTH_PROFILE_INFO) == 1 ? 0 : -EBADMSG;
}

#ifdef __cplusplus
}
#endif
#endif
