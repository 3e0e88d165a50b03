/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order matters: process events are watched before the first sample is taken, and children
 * are followed before those that exist are looked up, so that nothing falls in between.
 */
#include "attachment.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/say.h"
#include "cpu_list.h"
#include "descendants.h"

#define NS_PER_S 1000000000ull
#define EVENT_RING_BYTES (64 * 1024)
#define ONLINE_PATH "/sys/devices/system/cpu/online"

/*
 * Room for what comes while samples are held back, between two drains and as long again, at
 * 512 bytes a sample: about 55 frames.
 */
static size_t ring_bytes(const struct settings *s, uint32_t n_cpus)
{
	const uint64_t smallest = 256 * 1024, largest = 64 * 1024 * 1024;
	uint64_t want = s->ring_bytes, size = (uint64_t)sysconf(_SC_PAGESIZE);

	if (!want) {
		want = (uint64_t)s->frequency * n_cpus * 512 *
		       (s->hold_back_ns + ATTACHMENT_DRAIN_NS) / NS_PER_S * 2;
		want = want < smallest ? smallest : want > largest ? largest : want;
	}
	while (size < want)
		size *= 2;
	return size;
}

/* ---- CPUs ---- */

static int watch(struct attachment *a, int fd)
{
	/* Edge-triggered: samples that are held back keep their ring readable. */
	struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.fd = fd };

	return epoll_ctl(a->poll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

static int open_events(struct attachment *a, uint32_t cpu, struct why *why)
{
	int fd, r = event_rings_open_cpu(&a->events, cpu, EVENT_RING_BYTES, &fd);

	switch (r) {
	case 0:
		r = watch(a, fd);
		return r < 0 ? why_set(why, r, "cannot watch a ring: %s", strerror(-r)) : 0;
	case -ENODEV:
	case -ENXIO:
		return -ENODEV;
	case -EPERM:
	case -EACCES:
		return why_set(why, r, "cannot watch the processes on CPU %u: run as root, or grant "
			       "cap_perfmon, and cap_ipc_lock where kernel.perf_event_mlock_kb is used up",
			       cpu);
	case -EMFILE:
	case -ENFILE:
		return why_set(why, r, "cannot watch the processes on CPU %u: too many open files; two "
			       "are needed per CPU: raise LimitNOFILE= (ulimit -n)", cpu);
	}
	return why_set(why, r, "cannot watch the processes on CPU %u: %s", cpu, strerror(-r));
}

static int open_cpu(struct attachment *a, uint32_t cpu, struct why *why)
{
	int r = open_events(a, cpu, why);

	if (r == 0)
		r = probe_open_cpu(&a->probe, cpu, a->period_ns, why);
	if (r < 0)
		event_rings_close_cpu(&a->events, cpu);
	return r == -ENODEV ? 0 : r; /* it went offline meanwhile */
}

static int open_cpus(struct attachment *a, const struct cpu_set *online, struct why *why)
{
	for (uint32_t cpu = 0; cpu < cpu_set_end(online); cpu++) {
		int r;

		if (!cpu_set_has(online, cpu) || probe_has_cpu(&a->probe, cpu))
			continue;
		r = open_cpu(a, cpu, why);
		if (r < 0)
			return r;
	}
	return 0;
}

static void close_cpu(struct attachment *a, uint32_t cpu)
{
	say(a->host, HEARTH_LOG_NOTICE, "CPU %u went offline", cpu);
	(void)timeline_advance(&a->timeline, a->host->now_ns(a->host), true);
	probe_close_cpu(&a->probe, cpu);
	event_rings_close_cpu(&a->events, cpu);
}

void attachment_follow_cpus(struct attachment *a)
{
	struct cpu_set online;
	struct why why = {};

	if (a->is_unprivileged || cpu_set_read(ONLINE_PATH, &online) < 0)
		return;
	for (uint32_t cpu = 0; cpu < a->probe.n_cpus; cpu++)
		if (probe_has_cpu(&a->probe, cpu) && !cpu_set_has(&online, cpu))
			close_cpu(a, cpu);
	if (open_cpus(a, &online, &why) < 0)
		say(a->host, HEARTH_LOG_WARNING, "a CPU came online and is not sampled: %s", why.text);
}

/* ---- settings ---- */

/* The filter of the BPF program and the table of processes must agree on who is followed. */
static int follow_pid(struct attachment *a, uint32_t pid, uint8_t kind, struct why *why)
{
	int r = probe_add_pid(&a->probe, pid, kind);

	if (r == 0)
		r = processes_watch(&a->timeline.processes, pid);
	return r < 0 ? why_set(why, r, "cannot add pid %u to the filter: %s", pid, strerror(-r)) : 0;
}

static int add_children(struct attachment *a, const struct settings *s, struct why *why)
{
	_cleanup_free_ uint32_t *children = NULL;
	size_t n = 0;
	int r = descendants_find("/proc", s->pids, s->n_pids, &children, &n);

	if (r < 0)
		return why_set(why, r, "cannot look for children in /proc: %s", strerror(-r));
	for (size_t i = 0; i < n; i++) {
		r = follow_pid(a, children[i], SAMPLE_PID_WANTED, why);
		if (r < 0)
			return r;
	}
	return 0;
}

static int apply_cgroups(struct attachment *a, const struct settings *s, struct why *why)
{
	struct cgroups found;
	int r = cgroups_find(s->cgroups, s->n_cgroups, &found, why);

	if (r < 0)
		return r;
	cgroups_done(&a->cgroups);
	a->cgroups = found;
	r = probe_set_cgroups(&a->probe, &a->cgroups);
	return r < 0 ? why_set(why, r, "cannot filter by cgroup: %s", strerror(-r)) : 0;
}

void attachment_follow_cgroups(struct attachment *a)
{
	int r = cgroups_refresh(&a->cgroups) ? probe_set_cgroups(&a->probe, &a->cgroups) : 0;

	if (r < 0)
		say(a->host, HEARTH_LOG_WARNING, "a cgroup was made anew and is not sampled: %s",
		    strerror(-r));
}

static int apply_filter(struct attachment *a, const struct settings *s, struct why *why)
{
	int r = probe_apply(&a->probe, s, why);

	for (size_t i = 0; i < s->n_pids && r == 0; i++)
		r = follow_pid(a, s->pids[i], SAMPLE_PID_WANTED, why);
	if (r == 0 && s->parent)
		r = follow_pid(a, s->parent, SAMPLE_PID_PARENT, why);
	if (r == 0 && s->n_pids && s->follow)
		r = add_children(a, s, why);
	if (r == 0)
		r = apply_cgroups(a, s, why);
	if (r < 0)
		return r;
	probe_enable_filter(&a->probe, settings_has_pids(s) || s->n_cgroups > 0);
	/* Who will be in a cgroup is not known beforehand, so everybody's news are kept. */
	a->timeline.processes.is_filtered = settings_has_pids(s) && s->n_cgroups == 0;
	return 0;
}

int attachment_apply(struct attachment *a, const struct settings *s, struct why *why)
{
	if (a->is_unprivileged)
		return why_set(why, -EBUSY, "without privileges nothing changes in place");
	return apply_filter(a, s, why);
}

int attachment_set_period(struct attachment *a, uint64_t period_ns)
{
	int r;

	if (period_ns == a->period_ns)
		return 0;
	if (a->is_unprivileged)
		return -EBUSY;
	r = probe_set_period(&a->probe, period_ns);
	if (r < 0)
		return r;
	(void)timeline_cut(&a->timeline, a->host->now_ns(a->host));
	a->period_ns = a->timeline.period_ns = period_ns;
	return 0;
}

/* ---- opening ---- */

static int start_timeline(struct attachment *a, const struct settings *s, uint32_t n_cpus)
{
	struct timeline_setup setup = {
		.host = a->host, .samples = a->is_unprivileged ? NULL : &a->probe.ring,
		.events = &a->events, .proc_root = "/proc", .n_cpus = n_cpus,
		.window_ns = s->window_ns, .period_ns = a->period_ns,
	};

	a->has_timeline = true;
	return timeline_init(&a->timeline, &setup);
}

static int open_rings(struct attachment *a, const struct settings *s, uint32_t n_cpus,
		      struct why *why)
{
	int r;

	a->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (a->poll_fd < 0)
		return why_set(why, -errno, "epoll_create1: %s", strerror(errno));
	a->is_loaded = true;
	r = probe_load(&a->probe, a->host, ring_bytes(s, n_cpus), why);
	if (r < 0)
		return r;
	r = start_timeline(a, s, a->probe.n_cpus);
	if (r == 0)
		r = watch(a, probe_ring_fd(&a->probe));
	return r < 0 ? why_set(why, r, "cannot read the ring: %s", strerror(-r)) : 0;
}

/* After the events are open: what is called otherwise from now on, they tell. */
static int look_at_threads(struct processes *ps, const struct settings *s)
{
	for (size_t i = 0; i < s->n_pids; i++) {
		struct process *p = processes_sampled(ps, s->pids[i], 0, true);

		if (!p)
			return -ENOMEM;
		threads_look(ps, p);
	}
	return 0;
}

/* The second step of the ladder: one's own processes, user code only. */
static int open_unprivileged(struct attachment *a, const struct settings *s,
			     const struct cpu_set *online, struct why *why)
{
	int r;

	if (s->n_cgroups || !settings_has_pids(s))
		return why_set(why, -EPERM, "not allowed to load a BPF program, which it takes to sample "
			       "%s; run as root, or record a command or processes of your own: "
			       "hearth record -- COMMAND, hearth record -p PID",
			       s->n_cgroups ? "a cgroup" : "the whole machine");
	if (!s->user_stacks || !(s->modes & SAMPLE_MODE_USER))
		return why_set(why, -EPERM, "not allowed to load a BPF program, which it takes to see the "
			       "kernel; run as root");
	probe_unload(&a->probe);
	a->is_loaded = false;
	a->is_unprivileged = true;
	r = start_timeline(a, s, cpu_set_end(online));
	if (r < 0)
		return why_set(why, r, "%s", strerror(-r));
	r = task_events_open(&a->tasks, &a->events, online, s, a->period_ns, why);
	if (r == 0)
		r = look_at_threads(&a->timeline.processes, s);
	for (size_t i = 0; i < a->events.n_rings && r == 0; i++)
		r = watch(a, a->events.rings[i]->fd);
	return r;
}

int attachment_open(struct attachment *a, const struct hearth_host *h, const struct settings *s,
		    uint64_t period_ns, struct why *why)
{
	struct cpu_set online;
	int r = cpu_set_read(ONLINE_PATH, &online);

	memset(a, 0, sizeof(*a));
	a->host = h;
	a->period_ns = period_ns;
	a->poll_fd = -1;
	if (r == -ERANGE)
		return why_set(why, r, "more CPUs than this build knows: %u", SAMPLE_MAX_CPUS);
	if (r < 0)
		return why_set(why, r, "cannot read " ONLINE_PATH ": %s; is /sys mounted?",
			       strerror(-r));
	r = open_rings(a, s, cpu_set_count(&online), why);
	if ((r == -EPERM || r == -EACCES) && geteuid() != 0)
		return open_unprivileged(a, s, &online, why);
	if (r == 0)
		r = apply_filter(a, s, why);
	return r == 0 ? open_cpus(a, &online, why) : r;
}

void attachment_stop(struct attachment *a)
{
	if (a->is_unprivileged)
		task_events_stop(&a->tasks, &a->events);
	else
		probe_stop(&a->probe);
}

void attachment_close(struct attachment *a)
{
	if (a->has_timeline)
		timeline_done(&a->timeline);
	task_events_close(&a->tasks);
	event_rings_done(&a->events);
	cgroups_done(&a->cgroups);
	if (a->is_loaded)
		probe_unload(&a->probe);
	if (a->poll_fd >= 0)
		close(a->poll_fd);
	a->poll_fd = -1;
	a->has_timeline = a->is_loaded = a->is_unprivileged = false;
}
