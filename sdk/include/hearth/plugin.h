/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract between the Hearth host and a plugin.
 *
 * A plugin is one file, <name>.so, that exports exactly one data symbol,
 * `hearth_plugin_v0`: a descriptor that lists components (what runs) and verbs (what the
 * command line offers). Nothing of a plugin runs at load.
 *
 * Rules that hold for every struct here:
 *  - It begins with `size`, which its author sets to sizeof. Host and plugin read
 *    min(theirs, ours) bytes; missing fields read as 0. A longer struct is accepted only if
 *    the tail that the reader does not know is zero. Arrays carry their element stride.
 *  - Zero the whole struct first. There is no implicit padding on a 64-bit machine, and
 *    Hearth runs on 64-bit little-endian machines only.
 *  - Strings are UTF-8 and NUL-terminated.
 *  - A pointer given to a call is borrowed until the call returns, unless the text says
 *    "takes"; "takes" takes also when the call fails.
 *  - A function returns 0 (or more) when it succeeds, -errno when not.
 *
 * Every function has one of two thread tags:
 *  [instance thread]  only from a callback of this instance. Callbacks of one instance never
 *                     overlap, so an ordinary plugin needs no lock.
 *  [any thread]       from anywhere, also from threads that the plugin made.
 */
#ifndef HEARTH_PLUGIN_H
#define HEARTH_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#include <hearth/diagnosis.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The ABI major is the "0" of hearth_plugin_v0. A plugin states the lowest minor that it needs. */
#define HEARTH_ABI_MAJOR 0u
#define HEARTH_ABI_MINOR 0u

/* True if the struct that p points to is long enough to hold `field`. */
#define HEARTH_HAS(p, field) \
	((p)->size >= offsetof(__typeof__(*(p)), field) + sizeof((p)->field))

/* What a component is (hearth_component.kind). */
enum {
	HEARTH_SOURCE = 1,     /* emits */
	HEARTH_PROCESSOR = 2,  /* consumes and emits */
	HEARTH_SINK = 3,       /* consumes; may emit artifacts and receipts */
	HEARTH_CONTROLLER = 4, /* starts and stops runs through hearth.control/1 */
	HEARTH_HELPER = 5,     /* loaded only in a helper process; see hearth/helper.h */
};

/* hearth_component.flags */
enum {
	HEARTH_FINITE = 1u << 0,  /* the source ends by itself: its routes are lossless */
};

/* Severity of hearth_host.log, as syslog(3) numbers it. */
enum {
	HEARTH_LOG_ERROR = 3,
	HEARTH_LOG_WARNING = 4,
	HEARTH_LOG_NOTICE = 5,
	HEARTH_LOG_INFO = 6,
	HEARTH_LOG_DEBUG = 7,
};

/* hearth_option.type: how the host reads the YAML value, and which getter returns it. */
enum {
	HEARTH_STRING = 1,      /* option_string */
	HEARTH_INT = 2,         /* option_int; min <= value <= max */
	HEARTH_BOOL = 3,        /* option_int: 0 or 1; a verb's flag takes no value */
	HEARTH_DURATION = 4,    /* option_int in ns; "10s", "250ms", "1h30m"; a bare number is seconds */
	HEARTH_BYTES = 5,       /* option_int in bytes; "64MiB", "100MB"; a bare number is bytes */
	HEARTH_CHOICE = 6,      /* option_string: one of `choices`, "a|b|c" */
	HEARTH_LIST = 7,        /* option_list: a YAML list of scalars, or "a,b,c" on the command line */
	HEARTH_MAP = 8,         /* option_map: a YAML map of scalars, or "k=v,k2=v2" */
	HEARTH_SECRET_FILE = 9, /* YAML holds a path; option_string returns the file's content,
	                           trailing newline removed. The file must not be readable by others. */
	HEARTH_PERCENT = 10,    /* option_int in millionths; "1%", "0.5%" */
};

/* hearth_option.flags */
enum {
	HEARTH_REQUIRED = 1u << 0, /* no default: absence is a config error */
	HEARTH_SECRET = 1u << 1,   /* value is redacted wherever the host prints it */
	HEARTH_REPEAT = 1u << 2,   /* verb option, LIST or STRING, that may be given several
	                              times; option_list */
	HEARTH_HIDDEN = 1u << 3,   /* absent from --help and docs */
};

/* One row of an option table; min == max == 0 means unbounded. */
struct hearth_option {
	const char *name;    /* lower case, words joined by "_" in YAML, by "-" on the command line */
	const char *def;     /* default as YAML text; NULL: unset */
	const char *help;    /* one sentence without full stop */
	const char *unit;    /* "Hz", "frames", …; NULL where the type says it */
	const char *choices; /* HEARTH_CHOICE: "folded|html" */
	int64_t min, max;
	uint32_t type, flags;
	uint32_t letter;     /* verbs: short option letter, or 0 */
	uint32_t reserved;
};

struct hearth_label {
	const char *key, *value;
};

/* ---- batches ---- */

/* A piece of memory that a batch consists of. Immutable once emitted. */
struct hearth_segment {
	const void *data;
	uint64_t len;
	void (*release)(void *ctx); /* host calls it once, when the last holder lets go, on any
	                               thread, maybe after destroy(); NULL: the host copies data */
	void *ctx;
};

/* What emit() gets. */
struct hearth_emission {
	uint32_t size, flags;
	const char *schema; /* "hearth.profile/1"; copied */
	const struct hearth_segment *segments; /* taken, one by one, also on error */
	uint32_t n_segments, segment_stride;
	const struct hearth_batch *parent; /* NULL, or the batch whose segments follow ours; the
	                                      host keeps it as long as the new batch lives */
	uint64_t n_items; /* samples or points in it, for the accounting of what is dropped;
	                     0: as many as the parent has */
};

struct hearth_span {
	const void *data;
	uint64_t len;
};

/*
 * An immutable, reference-counted batch as consume() gets it. `segments` are the emitter's
 * own, followed by its parent's (a derived batch shares, it does not copy).
 */
struct hearth_batch {
	uint32_t size, n_segments;
	const char *schema;
	const struct hearth_span *segments;
	const char *instance; /* name of the emitter */
	const char *run;      /* run id, "" for the configured pipeline */
	uint64_t sequence;    /* per emitter, from 0, without gaps as emitted */
	uint64_t n_items;     /* samples or points in it */
};

/* ---- the host as a plugin sees it ---- */

/* One per instance; valid until destroy() has returned. */
struct hearth_host {
	uint32_t size, abi_minor;
	const char *instance; /* "cpu-sampler" or "cpu-sampler#7" */
	const char *run;      /* run id; "" for the configured pipeline */
	const struct hearth_label *labels; /* service.name, host.name, configured and run labels */
	uint32_t n_labels, label_stride;

	/* [any thread] One line, without newline; the host adds instance and time. */
	void (*log)(const struct hearth_host *h, int32_t level, const char *message);

	/*
	 * [any thread] Hands a batch to every route of this instance; never blocks. Takes the
	 * segments also on error. 0: every route took it, or dropped and counted it (live
	 * routes). -EAGAIN: a lossless route is full and nothing was delivered; build it again
	 * after on_writable(), or ask writable() first. -EINVAL: malformed.
	 */
	int32_t (*emit)(const struct hearth_host *h, const struct hearth_emission *e);

	/* [any thread] 1: the next emit() will not answer -EAGAIN. Always 1 on live routes. */
	int32_t (*writable)(const struct hearth_host *h);

	/* [any thread] */
	void (*batch_retain)(const struct hearth_host *h, const struct hearth_batch *b);
	void (*batch_release)(const struct hearth_host *h, const struct hearth_batch *b);

	/*
	 * [any thread] Adds to a named counter of this instance. Names with a meaning to the host,
	 * which sums them up in a run's result: "samples_taken"; "samples_lost.<cause>", "ring full"
	 * and the like; "stacks_truncated.<cause>"; "frames_unnamed.<cause>", "samples_unnamed.<cause>"
	 * if innermost; "overhead_ns": CPU time spent outside this process for it, as in BPF.
	 */
	void (*count)(const struct hearth_host *h, const char *name, uint64_t add);

	/* [any thread] Has on_wake() called on the instance thread, once for many wakes. */
	int32_t (*wake)(const struct hearth_host *h);

	/* [any thread] CLOCK_MONOTONIC in ns; tests run it as they like. */
	uint64_t (*now_ns)(const struct hearth_host *h);

	/* [any thread] An optional service by id ("hearth.kv/1"), or NULL. Valid like h itself. */
	const void *(*service)(const struct hearth_host *h, const char *id);

	/*
	 * [any thread] Runs fn once per process, for process-global library state
	 * (curl_global_init). Returns what fn returned the first time.
	 */
	int32_t (*once)(const struct hearth_host *h, const char *name, int32_t (*fn)(void));

	/*
	 * [any thread] Adds a key to the result of the run ("hottest_functions"); json is one JSON
	 * value; a second report of a key replaces the first. A dot sets a value inside an object
	 * ("stacks.unique"); lists that several instances report are joined. -EINVAL: not JSON.
	 * `record` prints of these: "hottest_functions"; "rate", what came of the frequency that
	 * was asked for; "mends.<cause>", what to do about a cause that count() named; "advice", a
	 * list of sentences. Their shapes: docs/schemas/summary.schema.json.
	 */
	int32_t (*report)(const struct hearth_host *h, const char *key, const char *json);

	/*
	 * [any thread] A source has emitted everything, or a finish() that answered -EINPROGRESS
	 * is done. End-of-stream follows behind the data.
	 */
	void (*finished)(const struct hearth_host *h);

	/*
	 * [any thread] This instance cannot go on; the host stops it and the run reports `why`. In
	 * create() and start(): why they are about to answer an error; say what to do about it.
	 */
	void (*fail)(const struct hearth_host *h, const char *why);

	/*
	 * [instance thread] Options were validated before create(): getters cannot fail.
	 * A name that is not in the table is a bug of the plugin and ends the process.
	 */
	int32_t (*option_is_set)(const struct hearth_host *h, const char *name);
	int64_t (*option_int)(const struct hearth_host *h, const char *name);
	const char *(*option_string)(const struct hearth_host *h, const char *name); /* NULL: unset */
	const char *const *(*option_list)(const struct hearth_host *h, const char *name, size_t *ret_n);
	const struct hearth_label *(*option_map)(const struct hearth_host *h, const char *name,
						 size_t *ret_n);

	/*
	 * [instance thread] Refuses an option's value for a reason that the table cannot say. The
	 * host prints file:line:col and `why`. Returns -EINVAL, for the caller to return.
	 */
	int32_t (*refuse)(const struct hearth_host *h, const char *option, const char *why);

	/* [instance thread] Arms on_timer(id): first after first_ns, then every every_ns (0: once).
	   first_ns 0 disarms. Ids are 0 to 15. */
	int32_t (*set_timer)(const struct hearth_host *h, uint32_t id, uint64_t first_ns,
			     uint64_t every_ns);

	/* [instance thread] Has on_fd() called for these EPOLL* events; 0 forgets the fd. */
	int32_t (*watch_fd)(const struct hearth_host *h, int32_t fd, uint32_t events);
};

/* ---- what a plugin is ---- */

/*
 * A component: static const in the plugin. Callbacks may be NULL, run on the instance thread,
 * never two at once, in the order
 *   create → start → { consume | on_timer | on_fd | on_wake | on_writable | update |
 *   on_budget }* → finish → stop → destroy.
 */
struct hearth_component {
	uint32_t size, kind, flags, n_options, option_stride, reserved;
	const char *name;         /* what the config calls it */
	const char *summary;      /* one line */
	const char *capabilities; /* "cap_bpf cap_perfmon", or NULL */
	const char *accepts;      /* schemas, blank-separated, or NULL */
	const char *emits;        /* schemas, blank-separated, or NULL */
	const struct hearth_option *options;

	/*
	 * Makes an instance from its options. No I/O, no threads, no privileges: `hearth check`
	 * runs it too. On failure destroy() is not called.
	 */
	int32_t (*create)(const struct hearth_host *h, void **ret_instance);

	/* Begins work; a source has attached when it returns. On failure destroy() follows. */
	int32_t (*start)(void *instance);

	/*
	 * Takes note of a batch (borrowed; batch_retain() to keep it). -EAGAIN: not now; the host
	 * keeps it and calls again when routes are writable or 100 ms later. Other errors: the
	 * batch is dropped and counted, the first such error of a minute is logged.
	 */
	int32_t (*consume)(void *instance, const struct hearth_batch *b);

	void (*on_timer)(void *instance, uint32_t id);
	void (*on_fd)(void *instance, int32_t fd, uint32_t events);
	void (*on_wake)(void *instance);
	void (*on_writable)(void *instance);

	/*
	 * Applies changed options in place: getters return the new values. -EBUSY: it cannot; the
	 * host destroys this instance and creates another.
	 */
	int32_t (*update)(void *instance);

	/* The overhead budget: lower the rate to scale/1000 of the configured one (1 to 1000). */
	void (*on_budget)(void *instance, uint32_t scale);

	/*
	 * Emits what is left and completes output: for a source when its run ends, for others when
	 * every input has ended. -EINPROGRESS: host->finished() will be called later.
	 */
	int32_t (*finish)(void *instance);

	/* Ends work; own threads are joined when it returns. deadline: CLOCK_MONOTONIC ns. */
	int32_t (*stop)(void *instance, uint64_t deadline_ns);
	void (*destroy)(void *instance);

	/* [any thread] Without an instance: what this machine lacks for this component. */
	void (*diagnose)(const struct hearth_diagnosis *d);

	/*
	 * What a profile of this file will lack. fd is a regular file, to be trusted with nothing;
	 * path is absolute, without symbolic links. Runs in a process that is sealed as that of
	 * hearth/helper.h: memory, fds and d are all there is.
	 */
	void (*diagnose_file)(const struct hearth_diagnosis *d, int32_t fd, const char *path);

	/* [any thread] For each configured instance, without it: can what its options name be
	   reached? Nothing is written or sent; it returns within a second or so. */
	void (*diagnose_options)(const struct hearth_diagnosis *d);
};

/* How a run ends (hearth_run_plan.end), whichever comes first. A signal always ends it. */
enum {
	HEARTH_END_DURATION = 1u << 0, /* after duration_ns */
	HEARTH_END_COMMAND = 1u << 1,  /* when the command has exited */
	HEARTH_END_SAMPLES = 1u << 2,  /* when `samples` have been delivered */
	HEARTH_END_SOURCES = 1u << 3,  /* when every source has finished */
};

/* hearth_run_plan.flags */
enum {
	HEARTH_PLAN_FORCE = 1u << 0,  /* overwrite what is in the output folder */
	HEARTH_PLAN_SCREEN = 1u << 1, /* a sink draws on the terminal: the host shows no progress */
	HEARTH_PLAN_STDOUT = 1u << 2, /* a sink writes to standard output: everything else, also of
	                                 the command, goes to standard error */
};

/* What a plan verb makes of its arguments: one run. Everything lives until release(). */
struct hearth_run_plan {
	uint32_t size, end, flags, n_labels;
	uint32_t label_stride, reserved;
	const char *overlay; /* YAML text in the shape of hearth.yaml, merged over the config */
	const struct hearth_label *labels;
	uint64_t duration_ns, samples;
	const char *const *command; /* argv, NULL-ended; spawned held until sources have started */
	const char *pid_option;     /* "cpu-sampler.pids": gets the command's pid */
	const char *output;         /* folder for artifacts and summary.json; NULL: none */
	const char *title;
	void (*release)(void *ctx);
	void *ctx;
	/*
	 * The command runs again, into one result, until it has run `repeat` times and min_samples
	 * have been delivered; a status other than 0 is the last. 0: these ask for nothing.
	 */
	uint64_t repeat, min_samples;
};

/* The command line of a verb, parsed by its option table. */
struct hearth_verb_call {
	uint32_t size, n_arguments;
	const char *const *arguments; /* what is left after the options, before "--" */
	const char *const *command;   /* what follows "--", NULL-ended; NULL: no "--" */
	const void *(*service)(const struct hearth_verb_call *c, const char *id);
	int32_t (*option_is_set)(const struct hearth_verb_call *c, const char *name);
	int64_t (*option_int)(const struct hearth_verb_call *c, const char *name);
	const char *(*option_string)(const struct hearth_verb_call *c, const char *name);
	const char *const *(*option_list)(const struct hearth_verb_call *c, const char *name,
					  size_t *ret_n);
	/* Prints a usage error naming the option ("" for an argument); returns -EINVAL. */
	int32_t (*refuse)(const struct hearth_verb_call *c, const char *option, const char *why);
};

/* A word of the command line: either plan (arguments → run) or call. Main thread. */
struct hearth_verb {
	uint32_t size, flags, n_options, option_stride;
	const char *name, *summary;
	const char *arguments;   /* "[-- COMMAND…]" */
	const char *description; /* paragraphs for --help and the man page; may be NULL */
	const struct hearth_option *options;
	int32_t (*plan)(const struct hearth_verb_call *c, struct hearth_run_plan *ret_plan);
	int32_t (*call)(const struct hearth_verb_call *c); /* returns the exit status */
};

struct hearth_plugin {
	uint32_t size, abi_minor; /* abi_minor: the lowest that this plugin needs */
	const char *name, *version, *license;
	const struct hearth_component *const *components; /* NULL-ended */
	const struct hearth_verb *const *verbs;           /* NULL-ended, or NULL */
};

#define HEARTH_PLUGIN_SYMBOL "hearth_plugin_v0"

/* The only export of a plugin. */
extern __attribute__((visibility("default"))) const struct hearth_plugin hearth_plugin_v0;

#ifdef __cplusplus
}
#endif
#endif
