/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a line goes is decided once for the process, so the target is global, as the level is.
 * Threads that write share the lock of the target; only opening and closing takes it alone.
 *
 * A log must not stop what it describes: a reader that takes nothing costs lines, never a
 * thread.
 */
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/journal.h"
#include "util/str.h"
#include "util/sys.h"

#define LOG_PATIENCE_MS 100

static struct {
	pthread_rwlock_t lock;
	enum log_target target; /* never AUTO */
	int fd;                 /* JOURNAL and FILE; ours */
	char *path;
	_Atomic unsigned long n_lost;
} log_state = {
	.lock = PTHREAD_RWLOCK_INITIALIZER,
	.target = LOG_TARGET_STDERR,
	.fd = -1,
};

static _Atomic int log_max_level = HEARTH_LOG_INFO;

static const char *const level_names[] = {
	[HEARTH_LOG_ERROR] = "error",
	[HEARTH_LOG_WARNING] = "warning",
	[HEARTH_LOG_NOTICE] = "notice",
	[HEARTH_LOG_INFO] = "info",
	[HEARTH_LOG_DEBUG] = "debug",
};

void log_set_level(int level)
{
	atomic_store_explicit(&log_max_level, level, memory_order_relaxed);
}

int log_level(void)
{
	return atomic_load_explicit(&log_max_level, memory_order_relaxed);
}

int log_level_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++)
		if (level_names[i] && str_equal(level_names[i], name))
			return (int)i;
	return -EINVAL;
}

const char *log_level_name(int level)
{
	if (level < HEARTH_LOG_ERROR)
		return level_names[HEARTH_LOG_ERROR];
	return level_names[level > HEARTH_LOG_DEBUG ? HEARTH_LOG_DEBUG : level];
}

/* O_NONBLOCK: a FIFO without a reader must answer, not wait. */
static int log_file_open(const char *path, int *ret_fd)
{
	_cleanup_close_ int fd = sys_open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW |
					  O_NONBLOCK | O_NOCTTY, 0640);
	struct stat st;
	int r;

	if (fd < 0)
		return TAKE_FD(fd);
	r = sys_fstat(fd, &st);
	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		return -EINVAL;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int log_target_open(enum log_target target, const char *path, int *ret_fd)
{
	switch (target) {
	case LOG_TARGET_STDERR:
		*ret_fd = -1;
		return 0;
	case LOG_TARGET_JOURNAL:
		return journal_open(path, ret_fd);
	case LOG_TARGET_FILE:
		return path ? log_file_open(path, ret_fd) : -EINVAL;
	default:
		return -EINVAL;
	}
}

static void log_switch(enum log_target target, int fd, char *path)
{
	_cleanup_close_ int old_fd = -1;
	_cleanup_free_ char *old_path = NULL;

	pthread_rwlock_wrlock(&log_state.lock);
	old_fd = log_state.fd;
	old_path = log_state.path;
	log_state.target = target;
	log_state.fd = fd;
	log_state.path = path;
	pthread_rwlock_unlock(&log_state.lock);
}

int log_open(enum log_target target, const char *path)
{
	_cleanup_free_ char *copy = NULL;
	int fd = -1, r;

	if (target == LOG_TARGET_AUTO) {
		if (journal_is_stderr() && log_open(LOG_TARGET_JOURNAL, path) == 0)
			return 0;
		target = LOG_TARGET_STDERR;
	}
	if (path) {
		copy = sys_strndup(path, PATH_MAX);
		if (!copy)
			return -ENOMEM;
	}
	r = log_target_open(target, path, &fd);
	if (r < 0)
		return r;
	log_switch(target, fd, TAKE_PTR(copy));
	return 0;
}

int log_reopen(void)
{
	_cleanup_close_ int fd = -1;
	int r = 0;

	pthread_rwlock_rdlock(&log_state.lock);
	if (log_state.target == LOG_TARGET_FILE) {
		r = log_file_open(log_state.path, &fd);
		/* Writers keep the number and lose no line. */
		if (r == 0 && dup3(fd, log_state.fd, O_CLOEXEC) < 0)
			r = -errno;
	}
	pthread_rwlock_unlock(&log_state.lock);
	return r;
}

int log_file_fd(void)
{
	int fd;

	pthread_rwlock_rdlock(&log_state.lock);
	fd = log_state.target == LOG_TARGET_FILE ? log_state.fd : -1;
	pthread_rwlock_unlock(&log_state.lock);
	return fd;
}

void log_close(void)
{
	log_switch(LOG_TARGET_STDERR, -1, NULL);
}

/*
 * Portions of PIPE_BUF after a poll cannot block on a pipe or a terminal, whoever else shares
 * its file description, which forbids us to set O_NONBLOCK.
 */
static int write_patiently(int fd, const char *data, size_t len, int patience_ms)
{
	while (len > 0) {
		size_t portion = len < PIPE_BUF ? len : PIPE_BUF;
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		int r = poll(&p, 1, patience_ms);
		ssize_t n;

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? -errno : -EAGAIN;
		n = sys_write(fd, data, portion);
		if (n < 0)
			return (int)n;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A second line of the text must not look like a line of its own. */
static void append_indented(struct buf *b, const char *text)
{
	for (;;) {
		size_t n = strcspn(text, "\n");

		buf_append(b, text, n);
		buf_append(b, "\n", 1);
		if (!text[n])
			return;
		text += n + 1;
		buf_append_string(b, "        ");
	}
}

static void append_prefix(struct buf *b, bool want_time, int level)
{
	char utc[21];

	if (want_time) {
		clock_format_utc(clock_realtime_ns(), utc);
		buf_printf(b, "%s ", utc);
	}
	buf_printf(b, "hearth: %s: ", log_level_name(level));
}

static void write_line(int fd, bool want_time, int level, const char *text)
{
	_cleanup_(buf_done) struct buf line = {};
	unsigned long n_lost = atomic_exchange(&log_state.n_lost, 0);
	int r;

	if (n_lost > 0) {
		append_prefix(&line, want_time, HEARTH_LOG_WARNING);
		buf_printf(&line, "%lu lines of the log were lost: they could not be written\n",
			   n_lost);
	}
	append_prefix(&line, want_time, level);
	append_indented(&line, text);
	r = line.error ? line.error
		       : write_patiently(fd, line.data, line.len, n_lost ? 0 : LOG_PATIENCE_MS);
	if (r < 0)
		atomic_fetch_add(&log_state.n_lost, n_lost + 1);
}

/* What the target cannot take goes to stderr: late lines are the ones that matter. */
static void log_deliver(int level, const char *instance, const char *text)
{
	pthread_rwlock_rdlock(&log_state.lock);
	if (log_state.target == LOG_TARGET_FILE)
		write_line(log_state.fd, true, level, text);
	else if (log_state.target == LOG_TARGET_STDERR ||
		 journal_send(log_state.fd, log_state.path, level, instance, text) < 0)
		write_line(STDERR_FILENO, false, level, text);
	pthread_rwlock_unlock(&log_state.lock);
}

static void write_unfiltered(int level, const char *instance, const char *format, va_list args)
{
	_cleanup_(buf_done) struct buf b = {};
	int saved_errno = errno;

	if (instance)
		buf_printf(&b, "%s: ", instance);
	errno = saved_errno; /* for %m */
	buf_vprintf(&b, format, args);
	while (b.len > 0 && b.data[b.len - 1] == '\n')
		b.data[--b.len] = '\0';
	if (b.error) {
		log_deliver(level, NULL, "out of memory while this line was put together");
	} else if (b.len > 0) {
		str_sanitize_lines(b.data);
		log_deliver(level, instance, b.data);
	}
	errno = saved_errno;
}

void log_vwrite(int level, const char *instance, const char *format, va_list args)
{
	if (level <= log_level())
		write_unfiltered(level, instance, format, args);
}

void log_write_unfiltered(int level, const char *instance, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_unfiltered(level, instance, format, args);
	va_end(args);
}

void log_write(int level, const char *instance, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vwrite(level, instance, format, args);
	va_end(args);
}

/* One thread wins the move to a new window; the others count in whichever they meet. */
static void log_limit_renew(struct log_limit *l)
{
	uint64_t now = clock_monotonic_ns();
	uint64_t start = __atomic_load_n(&l->window_ns, __ATOMIC_RELAXED);

	if (start != 0 && now - start < l->interval_ns)
		return;
	if (__atomic_compare_exchange_n(&l->window_ns, &start, now, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED))
		__atomic_store_n(&l->used, 0, __ATOMIC_RELAXED);
}

bool log_limit_allows(struct log_limit *l, uint32_t *ret_suppressed)
{
	log_limit_renew(l);
	if (__atomic_load_n(&l->used, __ATOMIC_RELAXED) >= l->burst ||
	    __atomic_fetch_add(&l->used, 1, __ATOMIC_RELAXED) >= l->burst) {
		__atomic_fetch_add(&l->suppressed, 1, __ATOMIC_RELAXED);
		return false;
	}
	*ret_suppressed = __atomic_exchange_n(&l->suppressed, 0, __ATOMIC_RELAXED);
	return true;
}
