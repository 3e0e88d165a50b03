/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per fact, to the journal, stderr or a file. Libraries return errors; the edges log
 * them, once, with subject and consequence. [any thread]
 *
 * Levels are those of syslog(3): HEARTH_LOG_ERROR … HEARTH_LOG_DEBUG of <hearth/plugin.h>.
 */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <hearth/plugin.h>

enum log_target {
	LOG_TARGET_AUTO = 0, /* journal if stderr is connected to it (JOURNAL_STREAM), else stderr */
	LOG_TARGET_STDERR,
	LOG_TARGET_JOURNAL,
	LOG_TARGET_FILE,
};

/*
 * path: the file for LOG_TARGET_FILE, the socket for LOG_TARGET_JOURNAL (NULL: the system's).
 * 0 or -errno; then the old target stays.
 */
int log_open(enum log_target target, const char *path);
/* Reopens the file (after rotation). */
int log_reopen(void);
/* Of the log file, the same number until the next log_open(); -1 for another target. */
int log_file_fd(void);
void log_close(void);

/* Messages above this level are dropped; default HEARTH_LOG_INFO. */
void log_set_level(int level);
int log_level(void);
/* -EINVAL unless error, warning, notice, info or debug. */
int log_level_parse(const char *name);
const char *log_level_name(int level);

/*
 * instance: NULL, or the name that prefixes the line ("cpu-sampler: …"). errno is kept.
 *
 * Lines read `hearth: warning: cpu-sampler: text`, in a file with the UTC time before. Control
 * characters of the text become '?', further lines of it are indented. A reader that takes
 * nothing delays a caller by 0.1 s once; then lines are dropped, and counted in the next one
 * that gets through.
 */
void log_write(int level, const char *instance, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Whatever the level: for an instance whose own level let the line pass. */
void log_write_unfiltered(int level, const char *instance, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void log_vwrite(int level, const char *instance, const char *format, va_list args);

/*
 * True at most `burst` times per interval for one limiter; *ret_suppressed gets how many were
 * held back before this one. [any thread]
 */
struct log_limit {
	uint64_t interval_ns;
	uint32_t burst;
	uint32_t used;       /* atomics */
	uint64_t window_ns;
	uint32_t suppressed;
};
bool log_limit_allows(struct log_limit *l, uint32_t *ret_suppressed);

#define log_error(...) log_write(HEARTH_LOG_ERROR, NULL, __VA_ARGS__)
#define log_warning(...) log_write(HEARTH_LOG_WARNING, NULL, __VA_ARGS__)
#define log_notice(...) log_write(HEARTH_LOG_NOTICE, NULL, __VA_ARGS__)
#define log_info(...) log_write(HEARTH_LOG_INFO, NULL, __VA_ARGS__)
#define log_debug(...) log_write(HEARTH_LOG_DEBUG, NULL, __VA_ARGS__)

/* `return log_error_errno(r, "cannot …: %m")`: sets errno for %m and returns r. */
#define log_error_errno(r, ...) \
	({ \
		int log_r_ = (r); \
		errno = -log_r_; \
		log_write(HEARTH_LOG_ERROR, NULL, __VA_ARGS__); \
		log_r_; \
	})
