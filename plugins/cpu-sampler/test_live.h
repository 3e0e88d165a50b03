/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The component under the mock host on the real kernel, with processes to sample. Include after
 * cmocka.h.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <hearth/mock.h>
#include <hearth/profile.h>

#include "common/cleanup.h"
#include "sampler.h"

#define NS_PER_S 1000000000ull

enum { DEPTH = 20 };

static inline uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* ---- a load ---- */

static volatile uint64_t sink;

static __attribute__((noinline)) uint64_t burn(unsigned int depth)
{
	if (depth > 1)
		return burn(depth - 1) + (sink & 1);
	__asm__ volatile("" : : "r"(__builtin_frame_address(0)));
	while (sink != UINT64_MAX)
		sink++;
	return sink;
}

/* `burn` spans at least to here in every build of this file. */
#define BURN_BYTES 256

static inline pid_t start_child(void (*body)(void))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		body();
		_exit(1);
	}
	return pid;
}

static inline void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static inline void burn_deep(void)
{
	burn(DEPTH);
}

static inline void idle(void)
{
	for (;;)
		pause();
}

/* Forks children that each burn for a moment. */
static inline void fork_burners(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid == 0) {
			uint64_t end = monotonic_ns() + NS_PER_S / 20;

			while (monotonic_ns() < end)
				;
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
}

static inline uint64_t run_time_ns(pid_t pid)
{
	char path[64], text[128];
	_cleanup_close_ int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		fail_msg("%s: %s", path, strerror(errno));
	text[n > 0 ? n : 0] = 0;
	return strtoull(text, NULL, 10);
}

/* For whole groups. */
static inline int needs_root(void **state)
{
	(void)state;
	if (geteuid() == 0)
		return 0;
	print_message("needs root\n");
	exit(77); /* meson: skipped */
}

/* ---- driving ---- */

static inline void run_for(struct hearth_mock *m, uint64_t ns)
{
	uint64_t end = monotonic_ns() + ns;

	while (monotonic_ns() < end) {
		struct pollfd p = { .fd = m->fds[0].fd, .events = POLLIN };
		int n = poll(&p, 1, 20);

		hearth_mock_advance(m, monotonic_ns() - m->now_ns);
		if (n > 0)
			cpu_sampler.on_fd(m->instance, p.fd, (uint32_t)p.revents);
	}
}

/* On a busy machine a process may wait long for its share of a CPU. */
static inline void run_until_it_ran(struct hearth_mock *m, pid_t pid, uint64_t ns)
{
	uint64_t enough = run_time_ns(pid) + ns, give_up = monotonic_ns() + 30 * NS_PER_S;

	while (run_time_ns(pid) < enough && monotonic_ns() < give_up)
		run_for(m, NS_PER_S / 20);
}

/* What the component cuts by must not stand still while the kernel goes on sampling. */
static inline uint64_t live_now_ns(const struct hearth_host *h)
{
	(void)h;
	return monotonic_ns();
}

static inline void begin(struct hearth_mock *m, const char *const *settings)
{
	hearth_mock_init(m, &cpu_sampler);
	m->host.now_ns = live_now_ns;
	for (; *settings; settings++)
		assert_int_equal(hearth_mock_set(m, *settings), 0);
	m->now_ns = monotonic_ns();
	assert_int_equal(hearth_mock_create(m), 0);
	if (hearth_mock_start(m) < 0)
		fail_msg("start: %s", m->n_lines ? m->lines[m->n_lines - 1].text : m->refused_why);
}

static inline void finish(struct hearth_mock *m)
{
	m->now_ns = monotonic_ns();
	assert_int_equal(hearth_mock_finish(m), 0);
}

static inline void end(struct hearth_mock *m)
{
	assert_int_equal(cpu_sampler.stop(m->instance, 0), 0);
	assert_int_equal(hearth_mock_done(m), 0);
}

typedef void (*sample_fn)(void *ctx, const struct hearth_flat *f, const struct hearth_sample *s);

static inline void each_sample_of(const struct hearth_flat *f, sample_fn fn, void *ctx)
{
	for (uint64_t k = 0; k < hearth_flat_count(f, HEARTH_PROFILE_SAMPLES); k++) {
		struct hearth_sample s = hearth_profile_sample(f, k);

		fn(ctx, f, &s);
	}
}

static inline void each_sample(const struct hearth_mock *m, sample_fn fn, void *ctx)
{
	for (uint32_t i = 0; i < m->n_emitted; i++) {
		struct hearth_flat f = {};

		assert_int_equal(hearth_profile_open(&f, hearth_mock_emitted(m, i)), 0);
		each_sample_of(&f, fn, ctx);
	}
}

static inline struct hearth_process process_of(const struct hearth_flat *f,
					       const struct hearth_sample *s)
{
	return hearth_profile_process(f, hearth_profile_thread(f, s->thread).process);
}

/* Whose samples there are: of a process, of its children, and of one that has nothing to do with them. */
struct family {
	uint32_t parent, stranger, n_parent, n_children, n_strangers;
};

static inline void add_family(void *ctx, const struct hearth_flat *f, const struct hearth_sample *s)
{
	struct family *family = ctx;
	struct hearth_process p = process_of(f, s);

	if (p.pid == family->parent)
		family->n_parent++;
	else if (p.parent_pid == family->parent)
		family->n_children++;
	else if (p.pid == family->stranger)
		family->n_strangers++;
}
