/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instance: wires the BPF side, the event rings and the timeline to the host's callbacks.
 * A wake-up costs more than a sample, so samples are fetched by a slow timer; only a ring that
 * fills up calls for attention earlier.
 */
#include "sampler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <hearth/profile.h>

#include "common/cleanup.h"
#include "common/say.h"
#include "cpu_list.h"
#include "descendants.h"
#include "doctor.h"
#include "probe.h"
#include "settings.h"
#include "timeline.h"

#define NS_PER_S 1000000000ull
#define DRAIN_NS (NS_PER_S / 4)
#define CPUS_NS (5 * NS_PER_S)
/* Under pressure: long enough for a CPU to finish writing the record that it has stamped. */
#define SHORT_HOLD_BACK_NS (NS_PER_S / 100)
#define EVENT_RING_BYTES (64 * 1024)
#define ONLINE_PATH "/sys/devices/system/cpu/online"

enum { TIMER_DRAIN, TIMER_CPUS, TIMER_FINISH };

struct sampler {
	const struct hearth_host *host;
	struct settings settings;
	struct probe probe;
	struct event_rings events;
	struct timeline timeline;
	uint64_t period_ns;  /* of the events now */
	uint32_t scale;      /* of the budget: 1 to 1000 */
	int poll_fd;         /* becomes readable when a ring fills up */
	bool is_loaded, has_timeline, is_finishing;
	uint64_t finish_by_ns;
	uint64_t malformed, not_followed, unread, run_ns; /* as counted already */
};

/* ---- sizes and rates ---- */

static uint64_t period_of(const struct sampler *s)
{
	uint64_t rate_milli = (uint64_t)s->settings.frequency * s->scale;

	return rate_milli ? NS_PER_S * 1000 / rate_milli : NS_PER_S;
}

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
		       (s->hold_back_ns + DRAIN_NS) / NS_PER_S * 2;
		want = want < smallest ? smallest : want > largest ? largest : want;
	}
	while (size < want)
		size *= 2;
	return size;
}

/* ---- CPUs ---- */

static int watch(struct sampler *s, int fd)
{
	/* Edge-triggered: samples that are held back keep their ring readable. */
	struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.fd = fd };

	return epoll_ctl(s->poll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

static int open_events(struct sampler *s, uint32_t cpu, struct why *why)
{
	int fd, r = event_rings_open_cpu(&s->events, cpu, EVENT_RING_BYTES, &fd);

	if (r == -ENODEV || r == -ENXIO)
		return -ENODEV;
	if (r == -EPERM || r == -EACCES)
		return why_set(why, r, "cannot watch processes on CPU %u: run as root, or grant "
			       "cap_perfmon and cap_ipc_lock (kernel.perf_event_mlock_kb is full)", cpu);
	if (r < 0)
		return why_set(why, r, "cannot watch processes on CPU %u: %s", cpu, strerror(-r));
	return watch(s, fd);
}

/* The events come first: what a sample hits must have been seen. */
static int open_cpu(struct sampler *s, uint32_t cpu, struct why *why)
{
	int r = open_events(s, cpu, why);

	if (r == 0)
		r = probe_open_cpu(&s->probe, cpu, s->period_ns, why);
	if (r < 0)
		event_rings_close_cpu(&s->events, cpu);
	return r == -ENODEV ? 0 : r; /* it went offline meanwhile */
}

static int open_cpus(struct sampler *s, const struct cpu_set *online, struct why *why)
{
	for (uint32_t cpu = 0; cpu < cpu_set_end(online); cpu++) {
		int r;

		if (!cpu_set_has(online, cpu) || probe_has_cpu(&s->probe, cpu))
			continue;
		r = open_cpu(s, cpu, why);
		if (r < 0)
			return r;
	}
	return 0;
}

static void drain(struct sampler *s, uint64_t hold_back_ns, bool urgent);

static void follow_cpus(struct sampler *s)
{
	struct cpu_set online;
	struct why why = {};

	if (cpu_set_read(ONLINE_PATH, &online) < 0)
		return;
	for (uint32_t cpu = 0; cpu < s->probe.n_cpus; cpu++) {
		if (cpu_set_has(&online, cpu) || !probe_has_cpu(&s->probe, cpu))
			continue;
		say(s->host, HEARTH_LOG_NOTICE, "CPU %u went offline", cpu);
		drain(s, 0, true);
		probe_close_cpu(&s->probe, cpu);
		event_rings_close_cpu(&s->events, cpu);
	}
	if (open_cpus(s, &online, &why) < 0)
		say(s->host, HEARTH_LOG_WARNING, "a CPU came online and is not sampled: %s", why.text);
}

/* ---- samples ---- */

static void count_more(struct sampler *s, const char *name, uint64_t now, uint64_t *counted)
{
	if (now > *counted)
		s->host->count(s->host, name, now - *counted);
	*counted = now;
}

static void count_side_effects(struct sampler *s)
{
	count_more(s, "records_malformed", s->events.malformed + s->probe.ring.malformed, &s->malformed);
	count_more(s, "children_not_followed", probe_not_followed(&s->probe), &s->not_followed);
	count_more(s, "processes_unread", s->timeline.processes.n_maps_unread, &s->unread);
	count_more(s, "overhead_ns", probe_run_ns(&s->probe), &s->run_ns);
}

static void drain(struct sampler *s, uint64_t hold_back_ns, bool urgent)
{
	uint64_t now = s->host->now_ns(s->host);
	int r;

	if (sample_ring_fill(&s->probe.ring) > s->probe.ring.size / 2) {
		hold_back_ns = hold_back_ns < SHORT_HOLD_BACK_NS ? hold_back_ns : SHORT_HOLD_BACK_NS;
		urgent = true;
	}
	r = timeline_advance(&s->timeline, now - hold_back_ns, urgent);
	if (r < 0)
		say(s->host, HEARTH_LOG_WARNING, "a window was lost: %s", strerror(-r));
	count_side_effects(s);
}

static int apply_period(struct sampler *s)
{
	uint64_t period = period_of(s);
	int r;

	if (period == s->period_ns)
		return 0;
	r = probe_set_period(&s->probe, period);
	if (r < 0)
		return r;
	(void)timeline_cut(&s->timeline, s->host->now_ns(s->host));
	s->period_ns = s->timeline.period_ns = period;
	s->timeline.flags = s->scale < 1000 ? HEARTH_PROFILE_REDUCED : 0;
	return 0;
}

/* ---- lifecycle ---- */

static void sampler_close(struct sampler *s)
{
	if (s->has_timeline)
		timeline_done(&s->timeline);
	event_rings_done(&s->events);
	if (s->is_loaded)
		probe_unload(&s->probe);
	if (s->poll_fd >= 0)
		close(s->poll_fd);
	s->poll_fd = -1;
	s->has_timeline = s->is_loaded = false;
}

static int32_t sampler_create(const struct hearth_host *h, void **ret_instance)
{
	struct sampler *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->host = h;
	s->scale = 1000;
	s->poll_fd = -1;
	r = settings_read(h, &s->settings);
	if (r < 0) {
		free(s);
		return r;
	}
	*ret_instance = s;
	return 0;
}

static void sampler_destroy(void *instance)
{
	struct sampler *s = instance;

	sampler_close(s);
	settings_done(&s->settings);
	free(s);
}

static int start_timeline(struct sampler *s)
{
	struct timeline_setup setup = {
		.host = s->host, .samples = &s->probe.ring, .events = &s->events,
		.proc_root = "/proc", .n_cpus = s->probe.n_cpus,
		.window_ns = s->settings.window_ns, .period_ns = s->period_ns,
	};

	s->has_timeline = true;
	return timeline_init(&s->timeline, &setup);
}

/* The filter, with the children that exist: those to come are watched from before. */
static int apply_filter(struct sampler *s, struct why *why)
{
	_cleanup_free_ uint32_t *children = NULL;
	size_t n = 0;
	int r = probe_apply(&s->probe, &s->settings, why);

	if (r < 0 || !s->settings.n_pids || !s->settings.follow)
		return r;
	r = descendants_find("/proc", s->settings.pids, s->settings.n_pids, &children, &n);
	if (r < 0)
		return why_set(why, r, "cannot look for children in /proc: %s", strerror(-r));
	for (size_t i = 0; i < n; i++) {
		r = probe_add_pid(&s->probe, children[i]);
		if (r < 0)
			return why_set(why, r, "cannot add pid %u to the filter: %s", children[i],
				       strerror(-r));
	}
	return 0;
}

static int attach(struct sampler *s, const struct cpu_set *online, struct why *why)
{
	int r;

	s->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->poll_fd < 0)
		return why_set(why, -errno, "epoll_create1: %s", strerror(errno));
	s->is_loaded = true;
	r = probe_load(&s->probe, s->host, ring_bytes(&s->settings, cpu_set_count(online)), why);
	if (r < 0)
		return r;
	r = start_timeline(s);
	if (r < 0)
		return why_set(why, r, "%s", strerror(-r));
	r = apply_filter(s, why);
	if (r < 0)
		return r;
	r = watch(s, probe_ring_fd(&s->probe));
	if (r < 0)
		return why_set(why, r, "cannot watch the ring: %s", strerror(-r));
	return open_cpus(s, online, why);
}

static int refuse_missing_pids(struct sampler *s)
{
	struct proc_stat stat;

	for (size_t i = 0; i < s->settings.n_pids; i++)
		if (proc_read_stat("/proc", s->settings.pids[i], &stat) < 0)
			return say_refuse(s->host, "pids", "there is no process %u",
					  s->settings.pids[i]);
	return 0;
}

/* For summary.json: what was asked for, not what a budget made of it. */
static void report_event(struct sampler *s)
{
	char frequency[16];

	snprintf(frequency, sizeof(frequency), "%u", (unsigned int)s->settings.frequency);
	s->host->report(s->host, "event", "\"cpu-clock\"");
	s->host->report(s->host, "frequency_hz", frequency);
}

static int32_t sampler_start(void *instance)
{
	struct sampler *s = instance;
	struct cpu_set online;
	struct why why = {};
	int r;

	r = settings_check_rate(s->host, s->settings.frequency, SETTINGS_MAX_RATE_PATH);
	if (r == 0)
		r = refuse_missing_pids(s);
	if (r < 0)
		return r;
	r = cpu_set_read(ONLINE_PATH, &online);
	if (r < 0) {
		say(s->host, HEARTH_LOG_ERROR, "cannot read " ONLINE_PATH ": %s; is /sys mounted?",
		    strerror(-r));
		return r;
	}
	s->period_ns = period_of(s);
	r = attach(s, &online, &why);
	if (r < 0) {
		say(s->host, HEARTH_LOG_ERROR, "%s", why.text[0] ? why.text : strerror(-r));
		return r;
	}
	r = s->host->watch_fd(s->host, s->poll_fd, EPOLLIN);
	if (r < 0)
		return r;
	s->host->set_timer(s->host, TIMER_DRAIN, DRAIN_NS, DRAIN_NS);
	s->host->set_timer(s->host, TIMER_CPUS, CPUS_NS, CPUS_NS);
	report_event(s);
	return 0;
}

static void sampler_on_fd(void *instance, int32_t fd, uint32_t events)
{
	struct sampler *s = instance;
	struct epoll_event ready[16];

	(void)events;
	while (epoll_wait(fd, ready, ARRAY_SIZE(ready), 0) == (int)ARRAY_SIZE(ready))
		;
	drain(s, SHORT_HOLD_BACK_NS, false);
}

/* ---- the end ---- */

/* What the gaps in the numbers of samples say must be what the program counted. */
static void check_account(struct sampler *s)
{
	uint64_t counted = probe_ring_full(&s->probe), gaps;

	timeline_settle(&s->timeline, s->probe.counters);
	gaps = s->timeline.gaps;
	if (gaps == counted)
		return;
	s->host->count(s->host, "samples_miscounted", gaps > counted ? gaps - counted : counted - gaps);
	say(s->host, HEARTH_LOG_WARNING, "%llu samples are missing but %llu were counted as lost; "
	    "this is a bug, please report it", (unsigned long long)gaps, (unsigned long long)counted);
}

/* Emits the last window when its files are open, or nobody can wait any longer. 1: not yet. */
static int finish_window(struct sampler *s)
{
	uint64_t now = s->host->now_ns(s->host);
	bool is_late = now >= s->finish_by_ns;
	int r = timeline_advance(&s->timeline, now, is_late);

	if (r < 0)
		say(s->host, HEARTH_LOG_WARNING, "a window was lost: %s", strerror(-r));
	if (r == 1 || (!is_late && window_is_waiting(&s->timeline.window)))
		return 1;
	check_account(s);
	r = timeline_cut(&s->timeline, now);
	count_side_effects(s);
	return r;
}

static void on_finish_timer(struct sampler *s)
{
	if (finish_window(s) == 1)
		return;
	s->host->set_timer(s->host, TIMER_FINISH, 0, 0);
	s->host->finished(s->host);
}

static int32_t sampler_finish(void *instance)
{
	struct sampler *s = instance;
	int r;

	if (!s->has_timeline)
		return 0;
	s->host->set_timer(s->host, TIMER_DRAIN, 0, 0);
	s->host->set_timer(s->host, TIMER_CPUS, 0, 0);
	probe_stop(&s->probe);
	s->finish_by_ns = s->host->now_ns(s->host) + TIMELINE_PATIENCE_NS;
	r = finish_window(s);
	if (r != 1)
		return r;
	s->host->set_timer(s->host, TIMER_FINISH, NS_PER_S / 50, NS_PER_S / 50);
	return -EINPROGRESS;
}

static void sampler_on_timer(void *instance, uint32_t id)
{
	struct sampler *s = instance;

	if (id == TIMER_DRAIN)
		drain(s, s->settings.hold_back_ns, false);
	else if (id == TIMER_CPUS)
		follow_cpus(s);
	else
		on_finish_timer(s);
}

static int32_t sampler_stop(void *instance, uint64_t deadline_ns)
{
	struct sampler *s = instance;

	(void)deadline_ns;
	if (s->poll_fd >= 0)
		s->host->watch_fd(s->host, s->poll_fd, 0);
	sampler_close(s);
	return 0;
}

/* ---- changes in place ---- */

static int32_t sampler_update(void *instance)
{
	struct sampler *s = instance;
	struct settings new, old = s->settings;
	struct why why = {};
	int r = settings_read(s->host, &new);

	if (r < 0)
		return r;
	if (new.ring_bytes != old.ring_bytes) {
		settings_done(&new);
		return -EBUSY;
	}
	r = settings_check_rate(s->host, new.frequency, SETTINGS_MAX_RATE_PATH);
	if (r < 0) {
		settings_done(&new);
		return r;
	}
	s->settings = new;
	r = apply_filter(s, &why);
	if (r < 0)
		say(s->host, HEARTH_LOG_ERROR, "%s", why.text);
	if (r == 0)
		r = apply_period(s);
	s->timeline.window_ns = s->settings.window_ns;
	settings_done(&old);
	return r < 0 ? -EBUSY : 0;
}

static void sampler_on_budget(void *instance, uint32_t scale)
{
	struct sampler *s = instance;
	int r;

	s->scale = scale < 1 ? 1 : scale > 1000 ? 1000 : scale;
	r = apply_period(s);
	if (r < 0)
		say(s->host, HEARTH_LOG_WARNING, "cannot change the rate to %u/1000: %s", s->scale,
		    strerror(-r));
}

const struct hearth_component cpu_sampler = {
	.size = sizeof(cpu_sampler),
	.kind = HEARTH_SOURCE,
	.option_stride = sizeof(struct hearth_option),
	.name = "cpu-sampler",
	.summary = "samples what runs on each CPU, with kernel and user stacks",
	.capabilities = "cap_bpf cap_perfmon cap_sys_ptrace",
	.emits = HEARTH_PROFILE_SCHEMA,
	.options = cpu_sampler_options,
	.n_options = CPU_SAMPLER_N_OPTIONS,
	.create = sampler_create,
	.start = sampler_start,
	.on_timer = sampler_on_timer,
	.on_fd = sampler_on_fd,
	.update = sampler_update,
	.on_budget = sampler_on_budget,
	.finish = sampler_finish,
	.stop = sampler_stop,
	.destroy = sampler_destroy,
	.diagnose = sampler_diagnose,
};
