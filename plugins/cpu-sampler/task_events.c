/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An inherited event may be mapped only per CPU, so each thread gets an event on each CPU, and
 * those of one CPU share a ring: that is what a user may lock (kernel.perf_event_mlock_kb).
 */
#include "task_events.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "sample_record.h"

enum { LARGEST_RING = 512 * 1024, SMALLEST_RING = 64 * 1024 };

struct opening {
	struct task_events *t;
	struct event_rings *rings;
	const struct cpu_set *online;
	struct perf_event_attr attr;
	struct why *why;
};

static struct perf_event_attr make_attr(uint64_t period_ns)
{
	struct perf_event_attr attr = event_rings_attr();

	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	attr.sample_period = period_ns;
	attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
	attr.sample_max_stack = SAMPLE_MAX_FRAMES;
	attr.inherit = 1;
	attr.exclude_kernel = 1;
	attr.exclude_hv = 1;
	attr.exclude_callchain_kernel = 1;
	return attr;
}

static int explain(struct opening *o, uint32_t pid, int error)
{
	int64_t paranoid = 0;

	if (error == -EACCES || error == -EPERM) {
		(void)sysctl_read("/proc/sys/kernel/perf_event_paranoid", &paranoid);
		if (paranoid > 2)
			return why_set(o->why, error, "cannot sample without privileges: "
				       "kernel.perf_event_paranoid is %d; run as root, or have root run "
				       "sysctl kernel.perf_event_paranoid=2", (int)paranoid);
		return why_set(o->why, error, "process %u belongs to someone else; run as root to "
			       "sample it", pid);
	}
	if (error == -EMFILE || error == -ENFILE)
		return why_set(o->why, error, "too many open files: one is needed per thread and CPU; "
			       "raise ulimit -n");
	return why_set(o->why, error, "cannot sample process %u: %s", pid, strerror(-error));
}

static int ring_fd(const struct event_rings *rings, uint32_t cpu)
{
	for (size_t i = 0; i < rings->n_rings; i++)
		if (rings->rings[i]->cpu == cpu)
			return rings->rings[i]->fd;
	return -1;
}

/* A user's other recordings count against the same limit: a smaller ring is better than none. */
static int add_ring(struct opening *o, uint32_t cpu, int fd)
{
	int r = -EPERM;

	for (size_t bytes = LARGEST_RING; r == -EPERM && bytes >= SMALLEST_RING; bytes /= 2)
		r = event_rings_map_cpu(o->rings, cpu, fd, bytes);
	if (r < 0) {
		close(fd);
		return why_set(o->why, r, "no ring for CPU %u: %s; end other recordings, or raise "
			       "kernel.perf_event_mlock_kb", cpu, strerror(-r));
	}
	return 0;
}

static int share_ring(struct opening *o, int ring, int fd)
{
	int *fds = reallocarray(o->t->fds, o->t->n + 1, sizeof(*fds));

	if (fds)
		o->t->fds = fds;
	if (!fds || ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring) < 0) {
		int r = fds ? -errno : -ENOMEM;

		close(fd);
		return why_set(o->why, r, "cannot share a ring: %s", strerror(-r));
	}
	fds[o->t->n++] = fd;
	return 0;
}

/* A thread that has ended meanwhile is no loss. */
static int open_thread(struct opening *o, uint32_t pid, uint32_t tid)
{
	for (uint32_t cpu = 0; cpu < cpu_set_end(o->online); cpu++) {
		int fd, ring, r;

		if (!cpu_set_has(o->online, cpu))
			continue;
		fd = (int)syscall(SYS_perf_event_open, &o->attr, (int)tid, (int)cpu, -1,
				  PERF_FLAG_FD_CLOEXEC);
		if (fd < 0 && (errno == ESRCH || errno == ENODEV))
			continue;
		if (fd < 0)
			return explain(o, pid, -errno);
		ring = ring_fd(o->rings, cpu);
		r = ring < 0 ? add_ring(o, cpu, fd) : share_ring(o, ring, fd);
		if (r < 0)
			return r;
	}
	return 0;
}

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int open_process(struct opening *o, uint32_t pid)
{
	_cleanup_(closedirp) DIR *tasks = NULL;
	char path[32];
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return explain(o, pid, -errno);
	for (const struct dirent *e; r == 0 && (e = readdir(tasks));) {
		unsigned long tid = strtoul(e->d_name, NULL, 10);

		if (tid > 0)
			r = open_thread(o, pid, (uint32_t)tid);
	}
	return r;
}

int task_events_open(struct task_events *t, struct event_rings *rings,
		     const struct cpu_set *online, const struct settings *s, uint64_t period_ns,
		     struct why *why)
{
	struct opening o = {
		.t = t, .rings = rings, .online = online, .attr = make_attr(period_ns), .why = why,
	};

	for (size_t i = 0; i < s->n_pids; i++) {
		int r = open_process(&o, s->pids[i]);

		if (r < 0)
			return r;
	}
	if (s->parent) { /* events are inherited only together with what the parent itself does */
		int r = open_process(&o, s->parent);

		if (r < 0)
			return r;
	}
	return rings->n_rings ? 0 : why_set(why, -ESRCH, "the processes are gone");
}

void task_events_stop(const struct task_events *t, const struct event_rings *rings)
{
	for (size_t i = 0; i < t->n; i++)
		(void)ioctl(t->fds[i], PERF_EVENT_IOC_DISABLE, 0);
	for (size_t i = 0; i < rings->n_rings; i++)
		(void)ioctl(rings->rings[i]->fd, PERF_EVENT_IOC_DISABLE, 0);
}

void task_events_close(struct task_events *t)
{
	for (size_t i = 0; i < t->n; i++)
		close(t->fds[i]);
	free(t->fds);
	*t = (struct task_events){ .n = 0 };
}
