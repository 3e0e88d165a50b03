/* SPDX-License-Identifier: Apache-2.0 */
/* Loading and attaching, and for each way in which a machine can refuse it the way out. */
#include "probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/perf_event.h>

#include "common/cleanup.h"
#include "libbpf_log.h"
#include "sampler.skel.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"
#define INIT_PID_NAMESPACE 0xEFFFFFFCu /* include/uapi/linux/nsfs.h: PID_NS_INIT_INO */

/* ---- refusals ---- */

static int explain_load(struct why *why, int error)
{
	const char *verdict = libbpf_log_last();

	if (access(BTF_PATH, R_OK) < 0)
		return why_set(why, -ENOTSUP, "kernel has no BTF (" BTF_PATH ": %s); it needs a kernel "
			       "with CONFIG_DEBUG_INFO_BTF, as every distribution's from 2021 on is",
			       strerror(errno));
	switch (error) {
	case -EPERM:
	case -EACCES:
		if (verdict[0])
			break;
		return why_set(why, error, "not allowed to load a BPF program; run as root, or grant "
			       "cap_bpf and cap_perfmon (AmbientCapabilities= in a systemd unit)");
	case -ENOSYS:
		return why_set(why, error, "kernel is built without BPF (CONFIG_BPF_SYSCALL)");
	case -ENOMEM:
		return why_set(why, error, "no memory for the BPF maps; raise the memory limit of the "
			       "unit or container, or set a smaller ring_size");
	case -EMFILE:
		return why_set(why, error, "too many open files; raise LimitNOFILE= (ulimit -n)");
	}
	return why_set(why, error, "kernel refused the BPF program: %s%s%s; `log: { level: debug }` "
		       "shows the verifier's log", strerror(-error), verdict[0] ? ": " : "", verdict);
}

static int explain_open(struct why *why, uint32_t cpu, int error)
{
	int64_t paranoid = 0;

	switch (error) {
	case -EACCES:
	case -EPERM:
		(void)sysctl_read("/proc/sys/kernel/perf_event_paranoid", &paranoid);
		return why_set(why, error, "cannot sample CPU %u: kernel.perf_event_paranoid is %lld; run "
			       "as root, or grant cap_perfmon", cpu, (long long)paranoid);
	case -EMFILE:
	case -ENFILE:
		return why_set(why, error, "cannot sample CPU %u: too many open files; two are needed "
			       "per CPU: raise LimitNOFILE= (ulimit -n)", cpu);
	case -ENOSYS:
		return why_set(why, error, "kernel is built without perf events (CONFIG_PERF_EVENTS)");
	}
	return why_set(why, error, "cannot sample CPU %u: %s", cpu, strerror(-error));
}

/* ---- loading ---- */

/* In a container the pids that the kernel tells must be those that /proc here shows. */
static void find_namespace(struct sampler_bpf *skeleton)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) == 0 && st.st_ino != INIT_PID_NAMESPACE)
		skeleton->rodata->namespace_inode = (uint32_t)st.st_ino;
}

static uint32_t kernel_frames(void)
{
	int64_t max;

	if (sysctl_read("/proc/sys/kernel/perf_event_max_stack", &max) && max > 0 &&
	    max < SAMPLE_MAX_FRAMES)
		return (uint32_t)max;
	return SAMPLE_MAX_FRAMES;
}

static int map_counters(struct probe *p)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *map;

	p->counters_bytes = (p->n_cpus * sizeof(*p->counters) + page - 1) / page * page;
	map = mmap(NULL, p->counters_bytes, PROT_READ, MAP_SHARED,
		   bpf_map__fd(p->skeleton->maps.counters), 0);
	if (map == MAP_FAILED)
		return -errno;
	p->counters = map;
	return 0;
}

static int load_skeleton(struct probe *p, size_t ring_bytes)
{
	struct sampler_bpf *s = sampler_bpf__open();
	int r;

	if (!s)
		return -errno;
	p->skeleton = s;
	find_namespace(s);
	r = bpf_map__set_max_entries(s->maps.ring, (uint32_t)ring_bytes);
	if (r < 0)
		return r;
	r = bpf_map__set_max_entries(s->maps.counters, p->n_cpus);
	if (r < 0)
		return r;
	r = sampler_bpf__load(s);
	if (r < 0)
		return r;
	s->bss->settings.kernel_frames = kernel_frames();
	s->bss->settings.wakeup_bytes = ring_bytes / 2;
	r = sample_ring_map(&p->ring, bpf_map__fd(s->maps.ring), ring_bytes);
	return r < 0 ? r : map_counters(p);
}

int probe_load(struct probe *p, const struct hearth_host *h, size_t ring_bytes, struct why *why)
{
	int n = libbpf_num_possible_cpus(), r;

	memset(p, 0, sizeof(*p));
	if (n <= 0 || n > SAMPLE_MAX_CPUS)
		return why_set(why, -ERANGE, "%d CPUs; this build samples at most %d", n,
			       SAMPLE_MAX_CPUS);
	p->cpus = calloc((size_t)n, sizeof(*p->cpus));
	if (!p->cpus)
		return why_set(why, -ENOMEM, "out of memory");
	p->n_cpus = (uint32_t)n;
	for (uint32_t i = 0; i < p->n_cpus; i++)
		p->cpus[i].fd = -1;
	libbpf_log_begin(h);
	r = load_skeleton(p, ring_bytes);
	if (r < 0)
		r = explain_load(why, r);
	libbpf_log_end(h);
	return r;
}

void probe_unload(struct probe *p)
{
	probe_stop(p);
	bpf_link__destroy(p->follow_fork);
	bpf_link__destroy(p->forget_exit);
	if (p->counters)
		munmap(p->counters, p->counters_bytes);
	sample_ring_unmap(&p->ring);
	if (p->skeleton)
		sampler_bpf__destroy(p->skeleton);
	free(p->cpus);
	memset(p, 0, sizeof(*p));
}

/* ---- settings ---- */

int probe_add_pid(struct probe *p, uint32_t pid, uint8_t kind)
{
	return bpf_map__update_elem(p->skeleton->maps.pids, &pid, sizeof(pid), &kind, sizeof(kind),
				    BPF_ANY);
}

static bool is_wanted(const struct settings *s, uint32_t pid)
{
	for (size_t i = 0; i < s->n_pids; i++)
		if (s->pids[i] == pid)
			return true;
	return s->parent == pid;
}

void probe_enable_filter(struct probe *p, bool is_on)
{
	volatile struct sampler_settings *shared = &p->skeleton->bss->settings;

	shared->is_filtered = is_on;
}

/* Removes what is not asked for any more, children that were followed included. */
static void prune_pids(struct probe *p, const struct settings *s)
{
	struct bpf_map *map = p->skeleton->maps.pids;
	uint32_t pid, next;
	int r = bpf_map__get_next_key(map, NULL, &pid, sizeof(pid));

	while (r == 0) {
		r = bpf_map__get_next_key(map, &pid, &next, sizeof(next));
		if (!is_wanted(s, pid))
			(void)bpf_map__delete_elem(map, &pid, sizeof(pid), 0);
		pid = next;
	}
}

static bool is_listed(const struct cgroups *c, uint64_t id)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->ids[i] == id)
			return true;
	return false;
}

static void prune_cgroups(struct probe *p, const struct cgroups *c)
{
	struct bpf_map *map = p->skeleton->maps.cgroups;
	uint64_t id, next;
	int r = bpf_map__get_next_key(map, NULL, &id, sizeof(id));

	while (r == 0) {
		r = bpf_map__get_next_key(map, &id, &next, sizeof(next));
		if (!is_listed(c, id))
			(void)bpf_map__delete_elem(map, &id, sizeof(id), 0);
		id = next;
	}
}

int probe_set_cgroups(struct probe *p, const struct cgroups *c)
{
	volatile struct sampler_settings *shared = &p->skeleton->bss->settings;
	const uint8_t one = 1;

	if (shared->subsystem != c->subsystem)
		shared->has_cgroups = 0; /* a number means another cgroup in another hierarchy */
	prune_cgroups(p, c);
	for (size_t i = 0; i < c->n; i++) {
		int r = bpf_map__update_elem(p->skeleton->maps.cgroups, &c->ids[i],
					     sizeof(c->ids[i]), &one, sizeof(one), BPF_ANY);

		if (r < 0)
			return r;
	}
	shared->subsystem = c->subsystem;
	shared->has_cgroups = c->n > 0;
	return 0;
}

static int set_following(struct probe *p, bool has_pids, bool follow)
{
	struct sampler_bpf *s = p->skeleton;

	if (!follow) {
		bpf_link__destroy(p->follow_fork);
		p->follow_fork = NULL;
	}
	if (!has_pids) {
		bpf_link__destroy(p->forget_exit);
		p->forget_exit = NULL;
		return 0;
	}
	if (!p->forget_exit)
		p->forget_exit = bpf_program__attach(s->progs.forget_exit);
	if (!p->forget_exit)
		return -errno;
	if (follow && !p->follow_fork)
		p->follow_fork = bpf_program__attach(s->progs.follow_fork);
	return follow && !p->follow_fork ? -errno : 0;
}

int probe_apply(struct probe *p, const struct settings *s, struct why *why)
{
	volatile struct sampler_settings *shared = &p->skeleton->bss->settings;
	int r;

	shared->want_kernel = s->kernel_stacks;
	shared->want_user = s->user_stacks;
	shared->modes = s->modes;
	r = set_following(p, settings_has_pids(s), settings_has_pids(s) && (s->follow || s->parent));
	if (r < 0)
		return why_set(why, r, "cannot follow processes: attaching to sched_process_fork: %s",
			       strerror(-r));
	prune_pids(p, s);
	return 0;
}

/* ---- CPUs ---- */

static int open_clock(uint32_t cpu, uint64_t period_ns)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = period_ns,
		.exclude_idle = 1,
		.disabled = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int probe_open_cpu(struct probe *p, uint32_t cpu, uint64_t period_ns, struct why *why)
{
	_cleanup_close_ int fd = -1;
	struct bpf_link *link;

	if (cpu >= p->n_cpus)
		return -ENODEV;
	fd = open_clock(cpu, period_ns);
	if (fd == -ENODEV || fd == -ENXIO)
		return -ENODEV;
	if (fd < 0)
		return explain_open(why, cpu, fd);
	link = bpf_program__attach_perf_event(p->skeleton->progs.take_sample, fd);
	if (!link)
		return explain_open(why, cpu, -errno);
	p->cpus[cpu].fd = TAKE_FD(fd);
	p->cpus[cpu].link = link;
	return 0;
}

void probe_close_cpu(struct probe *p, uint32_t cpu)
{
	bpf_link__destroy(p->cpus[cpu].link); /* disables and closes the event */
	p->cpus[cpu].link = NULL;
	p->cpus[cpu].fd = -1;
}

bool probe_has_cpu(const struct probe *p, uint32_t cpu)
{
	return cpu < p->n_cpus && p->cpus[cpu].fd >= 0;
}

int probe_set_period(struct probe *p, uint64_t period_ns)
{
	for (uint32_t cpu = 0; cpu < p->n_cpus; cpu++)
		if (probe_has_cpu(p, cpu) &&
		    ioctl(p->cpus[cpu].fd, PERF_EVENT_IOC_PERIOD, &period_ns) < 0)
			return -errno;
	return 0;
}

void probe_stop(struct probe *p)
{
	for (uint32_t cpu = 0; cpu < p->n_cpus; cpu++)
		if (probe_has_cpu(p, cpu))
			probe_close_cpu(p, cpu);
}

int probe_ring_fd(const struct probe *p)
{
	return bpf_map__fd(p->skeleton->maps.ring);
}

uint64_t probe_not_followed(const struct probe *p)
{
	return p->counters ? p->counters[0].not_followed : 0;
}

uint64_t probe_ring_full(const struct probe *p)
{
	uint64_t sum = 0;

	for (uint32_t cpu = 0; cpu < p->n_cpus; cpu++)
		sum += p->counters[cpu].ring_full;
	return sum;
}

uint64_t probe_run_ns(const struct probe *p)
{
	uint64_t sum = 0;

	for (uint32_t cpu = 0; cpu < p->n_cpus; cpu++)
		sum += p->counters[cpu].run_ns;
	return sum;
}
