/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In one process with its plugins, Hearth cannot survive a crash, but it can say whose it was:
 * every callback is bracketed by crash_enter() and crash_leave(), which note it for the thread.
 * Everything below runs in a signal handler: only async-signal-safe calls, no loop without a
 * bound, no trust in the heap.
 */
#include "plugin/crash.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plugin/backtrace.h"
#include "util/cleanup.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#endif
#ifdef HAS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

enum {
	MAX_DEPTH = 4,            /* a callback that lets another plugin's memory go: two */
	MAX_FRAMES = 32,
	STACK_BYTES = 64 << 10,   /* the frame of a signal alone can take 11 KiB (AMX) */
	WRITE_WAIT_MS = 1000,     /* a reader of stderr that stands still does not keep us */
	OTHER_THREAD_WAIT_MS = 5000,
};

struct call {
	const char *instance, *callback;
};

static _Thread_local struct {
	struct call calls[MAX_DEPTH];
	volatile sig_atomic_t depth; /* may exceed MAX_DEPTH: then the innermost are not known */
	void *stack;
	stack_t stack_before; /* a sanitizer gives threads one, and wants it back */
} thread;

/* Shared with signal handlers, which can be given no context. */
static _Atomic int log_fd = -1;
static _Atomic int reporter; /* the thread that reports; 0: none */

void crash_enter(const char *instance, const char *callback)
{
	int depth = thread.depth;

	if (depth < MAX_DEPTH)
		thread.calls[depth] = (struct call){ instance, callback };
	atomic_signal_fence(memory_order_release);
	thread.depth = depth + 1;
}

void crash_leave(void)
{
	thread.depth--;
}

void crash_set_log_fd(int fd)
{
	log_fd = fd;
}

struct text {
	char data[512];
	size_t len;
	int fds[2];
};

static void add(struct text *t, const char *s)
{
	while (*s && t->len < sizeof(t->data) - 1)
		t->data[t->len++] = *s++;
}

static void add_number(struct text *t, uint64_t value, unsigned int base)
{
	char digits[24];
	size_t i = sizeof(digits) - 1;

	digits[i] = 0;
	do {
		digits[--i] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	add(t, base == 16 ? "0x" : "");
	add(t, &digits[i]);
}

/* False if the reader does not read: then it is not asked again. */
static bool write_bounded(int fd, const char *data, size_t len)
{
	while (len > 0) {
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		ssize_t n;

		if (poll(&p, 1, WRITE_WAIT_MS) <= 0 || !(p.revents & POLLOUT))
			return false;
		n = write(fd, data, len);
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static void end_line(struct text *t)
{
	t->data[t->len++] = '\n';
	for (size_t i = 0; i < ARRAY_SIZE(t->fds); i++)
		if (t->fds[i] >= 0 && !write_bounded(t->fds[i], t->data, t->len))
			t->fds[i] = -1;
	t->len = 0;
	add(t, "hearth: crash: ");
}

static const struct {
	int number;
	const char *name;
} signals[] = {
	{ SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" },   { SIGFPE, "SIGFPE" },
	{ SIGILL, "SIGILL" },   { SIGABRT, "SIGABRT" },
};

static const struct {
	int number, code;
	const char *meaning;
} meanings[] = {
	{ SIGSEGV, SEGV_MAPERR, "nothing is mapped there" },
	{ SIGSEGV, SEGV_ACCERR, "the mapping forbids it" },
	{ SIGBUS, BUS_ADRERR, "the file behind the mapping has become shorter" },
	{ SIGFPE, FPE_INTDIV, "division by zero" },
};

static void add_signal(struct text *t, const siginfo_t *info)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (signals[i].number == info->si_signo)
			add(t, signals[i].name);
	if (info->si_code <= 0) {
		if (info->si_pid != getpid()) {
			add(t, ", sent by process ");
			add_number(t, (uint64_t)info->si_pid, 10);
		}
		return;
	}
	add(t, " at address ");
	add_number(t, (uint64_t)(uintptr_t)info->si_addr, 16);
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (meanings[i].number == info->si_signo && meanings[i].code == info->si_code) {
			add(t, " (");
			add(t, meanings[i].meaning);
			add(t, ")");
		}
}

static void add_call(struct text *t, const struct call *c)
{
	add(t, "plugin instance \"");
	add(t, c->instance);
	add(t, "\" in ");
	add(t, c->callback);
	add(t, "()");
}

static int known_depth(void)
{
	return thread.depth > MAX_DEPTH ? MAX_DEPTH : thread.depth;
}

/* The innermost call that is known, or NULL: no plugin was running on this thread. */
static const struct call *innermost(void)
{
	int depth = known_depth();

	return depth > 0 ? &thread.calls[depth - 1] : NULL;
}

static void report_whose(struct text *t)
{
	int depth = known_depth();

	if (depth == 0)
		add(t, "hearth itself");
	for (int i = depth - 1; i >= 0; i--) {
		add(t, i == depth - 1 ? "" : ", called by ");
		add_call(t, &thread.calls[i]);
	}
}

static void report_advice(struct text *t)
{
	const struct call *c = innermost();

	add(t, "hearth " HEARTH_VERSION ", process ");
	add_number(t, (uint64_t)getpid(), 10);
	add(t, ", thread ");
	add_number(t, (uint64_t)syscall(SYS_gettid), 10);
	end_line(t);
	if (c) {
		add(t, "what to do: take \"");
		add(t, c->instance);
		add(t, "\" out of the configuration (`enabled: false`) and start again; ");
		add(t, "report these lines to the author of the plugin");
	} else {
		add(t, "what to do: start again; report these lines to the authors of Hearth");
	}
	end_line(t);
}

static void report_trace(struct text *t, const void *ucontext)
{
	struct backtrace_frame frames[MAX_FRAMES];
	size_t n = backtrace_take(ucontext, frames, MAX_FRAMES);

	for (size_t i = 0; i < n; i++) {
		add(t, "  #");
		add_number(t, i, 10);
		add(t, frames[i].is_guess ? " ? " : " ");
		if (frames[i].module[0]) {
			add(t, frames[i].module);
			add(t, "+");
		}
		add_number(t, frames[i].module[0] ? frames[i].offset : frames[i].address, 16);
		end_line(t);
	}
}

static void text_begin(struct text *t)
{
	*t = (struct text){ .fds = { STDERR_FILENO, log_fd } };
	add(t, "hearth: crash: ");
}

/* False if another report is under way. */
static bool become_reporter(void)
{
	int none = 0, tid = (int)syscall(SYS_gettid);

	if (atomic_compare_exchange_strong(&reporter, &none, tid))
		return true;
	if (none != tid)
		(void)poll(NULL, 0, OTHER_THREAD_WAIT_MS); /* let the other one finish */
	return false;
}

static void on_fault(int number, siginfo_t *info, void *ucontext)
{
	struct text t;

	(void)number;
	if (!become_reporter())
		_exit(CRASH_STATUS);
	text_begin(&t);
	report_whose(&t);
	add(&t, ": ");
	add_signal(&t, info);
	end_line(&t);
	report_advice(&t);
	report_trace(&t, ucontext);
	_exit(CRASH_STATUS);
}

#ifdef HAS_SANITIZER
/*
 * A sanitizer has found something that raises no signal. The process ends here only if a plugin
 * is to blame: else the sanitizer's own status says more.
 */
static void on_death(void)
{
	struct text t;

	if (!innermost() || !become_reporter())
		return;
	text_begin(&t);
	report_whose(&t);
	add(&t, ": see the sanitizer's report above");
	end_line(&t);
	report_advice(&t);
	_exit(CRASH_STATUS);
}
#endif

/* SA_NODEFER: a fault within the report comes back here and ends the process. */
static int install(int number)
{
	struct sigaction sa = { .sa_sigaction = on_fault,
				.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	(void)sigemptyset(&sa.sa_mask);
	return sigaction(number, &sa, NULL) < 0 ? -errno : 0;
}

int crash_init(void)
{
	int r;

#ifdef HAS_SANITIZER
	__sanitizer_set_death_callback(on_death);
#endif
	r = crash_thread_init();
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(signals); i++)
		r = install(signals[i].number);
	return r;
}

int crash_thread_init(void)
{
	size_t guard = (size_t)sysconf(_SC_PAGESIZE), len = guard + STACK_BYTES;
	stack_t stack = { .ss_size = STACK_BYTES }, before;
	void *p;

	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	stack.ss_sp = (char *)p + guard;
	if (mprotect(p, guard, PROT_NONE) < 0 || sigaltstack(&stack, &before) < 0) {
		int r = -errno;

		(void)munmap(p, len);
		return r;
	}
	thread.stack = p;
	thread.stack_before = before;
	return 0;
}

void crash_thread_done(void)
{
	if (!thread.stack)
		return;
	(void)sigaltstack(&thread.stack_before, NULL);
	(void)munmap(thread.stack, (size_t)sysconf(_SC_PAGESIZE) + STACK_BYTES);
	thread.stack = NULL;
}
