/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instance between the host's callbacks and the kernel. A wake-up costs more than a sample,
 * so samples are fetched by a slow timer; only a ring that fills up calls for attention earlier.
 */
#include "sampler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <hearth/profile.h>

#include "attachment.h"
#include "common/cleanup.h"
#include "common/say.h"
#include "doctor.h"
#include "proc.h"
#include "rate.h"
#include "report.h"
#include "settings.h"

#define NS_PER_S 1000000000ull
#define FOLLOW_NS (5 * NS_PER_S)
#define FINISH_NS (NS_PER_S / 50)
/* Under pressure: long enough for a CPU to finish writing the record that it has stamped. */
#define SHORT_HOLD_BACK_NS (NS_PER_S / 100)

enum { TIMER_DRAIN, TIMER_FOLLOW, TIMER_FINISH };

/* What was counted already of figures that only grow. */
struct counted {
	uint64_t malformed, not_followed, unread, cut_maps, run_ns;
};

struct sampler {
	const struct hearth_host *host;
	struct settings settings;
	struct attachment kernel;
	struct counted counted;
	struct rate rate; /* since the period was set */
	uint32_t scale; /* of the budget: 1 to 1000 */
	bool is_attached;
	uint64_t finish_by_ns;
};

static uint64_t period_of(const struct sampler *s)
{
	return NS_PER_S * 1000 / ((uint64_t)s->settings.frequency * s->scale);
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
	const struct attachment *k = &s->kernel;
	struct counted *c = &s->counted;

	count_more(s, "records_malformed", k->events.malformed + k->probe.ring.malformed,
		   &c->malformed);
	count_more(s, "children_not_followed", probe_not_followed(&k->probe), &c->not_followed);
	count_more(s, "processes_unread", k->timeline.processes.n_maps_unread, &c->unread);
	count_more(s, "mappings_left_out", k->timeline.processes.n_maps_cut, &c->cut_maps);
	count_more(s, "overhead_ns", probe_run_ns(&k->probe), &c->run_ns);
}

static void drain(struct sampler *s, uint64_t hold_back_ns)
{
	const struct sample_ring *ring = s->kernel.timeline.samples;
	bool is_urgent = ring && sample_ring_fill(ring) > ring->size / 2;
	uint64_t now = s->host->now_ns(s->host);
	int r;

	if (is_urgent && hold_back_ns > SHORT_HOLD_BACK_NS)
		hold_back_ns = SHORT_HOLD_BACK_NS;
	r = timeline_advance(&s->kernel.timeline, now - hold_back_ns, is_urgent);
	if (r < 0)
		say(s->host, HEARTH_LOG_WARNING, "a window was lost: %s", strerror(-r));
	count_side_effects(s);
}

static void measure_anew(struct sampler *s)
{
	int r = rate_begin(&s->rate, &s->kernel.probe, s->host->now_ns(s->host));

	if (r < 0)
		say(s->host, HEARTH_LOG_DEBUG, "the rate is not measured: /proc/stat: %s", strerror(-r));
}

static int apply_period(struct sampler *s)
{
	bool has_changed = period_of(s) != s->kernel.period_ns;
	int r = attachment_set_period(&s->kernel, period_of(s));

	if (r == 0 && has_changed)
		measure_anew(s);
	if (r == 0)
		s->kernel.timeline.flags = s->scale < 1000 ? HEARTH_PROFILE_REDUCED : 0;
	return r;
}

/* ---- lifecycle ---- */

static int32_t sampler_create(const struct hearth_host *h, void **ret_instance)
{
	struct sampler *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->host = h;
	s->scale = 1000;
	r = settings_read(h, &s->settings);
	if (r < 0) {
		free(s);
		return r;
	}
	*ret_instance = s;
	return 0;
}

static void sampler_detach(struct sampler *s)
{
	if (s->is_attached)
		attachment_close(&s->kernel);
	s->is_attached = false;
}

static void sampler_destroy(void *instance)
{
	struct sampler *s = instance;

	sampler_detach(s);
	settings_done(&s->settings);
	rate_done(&s->rate);
	free(s);
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

/* Asked before anything is loaded or changed, so that the message names the option. */
static int refuse_missing_cgroups(struct sampler *s, const struct settings *new)
{
	struct cgroups found;
	struct why why;
	int r = cgroups_find(new->cgroups, new->n_cgroups, &found, &why);

	if (r < 0)
		return say_refuse(s->host, "cgroups", "%s", why.text);
	cgroups_done(&found);
	return 0;
}

static int32_t sampler_start(void *instance)
{
	struct sampler *s = instance;
	struct why why = {};
	int r;

	r = settings_check_rate(s->host, s->settings.frequency, SETTINGS_MAX_RATE_PATH);
	if (r == 0)
		r = refuse_missing_pids(s);
	if (r == 0)
		r = refuse_missing_cgroups(s, &s->settings);
	if (r < 0)
		return r;
	s->is_attached = true;
	r = attachment_open(&s->kernel, s->host, &s->settings, period_of(s), &why);
	if (r < 0) {
		s->host->fail(s->host, why.text[0] ? why.text : strerror(-r));
		return r;
	}
	r = s->host->watch_fd(s->host, s->kernel.poll_fd, EPOLLIN);
	if (r < 0)
		return r;
	s->host->set_timer(s->host, TIMER_DRAIN, ATTACHMENT_DRAIN_NS, ATTACHMENT_DRAIN_NS);
	s->host->set_timer(s->host, TIMER_FOLLOW, FOLLOW_NS, FOLLOW_NS);
	measure_anew(s);
	report_event(s->host, s->settings.frequency);
	return 0;
}

/* A ring is half full: what it holds is taken as early as it can be attributed. */
static void sampler_on_fd(void *instance, int32_t fd, uint32_t events)
{
	struct epoll_event ready[16];

	(void)events;
	while (epoll_wait(fd, ready, ARRAY_SIZE(ready), 0) == (int)ARRAY_SIZE(ready))
		;
	drain(instance, SHORT_HOLD_BACK_NS);
}

/* ---- the end ---- */

/* What the gaps in the numbers of samples say must be what the program counted. */
static void check_account(struct sampler *s)
{
	uint64_t counted = probe_ring_full(&s->kernel.probe), gaps;

	if (s->kernel.is_unprivileged)
		return; /* the kernel's own records of what was lost are all there is */
	timeline_settle(&s->kernel.timeline, s->kernel.probe.counters);
	gaps = s->kernel.timeline.gaps;
	if (gaps == counted)
		return;
	s->host->count(s->host, "samples_miscounted",
		       gaps > counted ? gaps - counted : counted - gaps);
	say(s->host, HEARTH_LOG_WARNING, "%llu samples are missing but %llu were counted as lost; "
	    "this is a bug, please report it", (unsigned long long)gaps, (unsigned long long)counted);
}

static void measure_end(struct sampler *s)
{
	uint64_t now_ns = s->host->now_ns(s->host);
	_cleanup_(rate_result_done) struct rate_result rate =
		rate_measure(&s->rate, &s->kernel.probe, now_ns);

	report_rate(s->host, s->settings.frequency * s->scale / 1000., &rate);
}

/* Emits the last window when its files are open, or nobody can wait any longer. 1: not yet. */
static int finish_window(struct sampler *s)
{
	struct timeline *t = &s->kernel.timeline;
	uint64_t now = s->host->now_ns(s->host);
	bool is_late = now >= s->finish_by_ns;
	int r = timeline_advance(t, now, is_late);

	if (r < 0)
		say(s->host, HEARTH_LOG_WARNING, "a window was lost: %s", strerror(-r));
	if (r == 1 || (!is_late && window_is_waiting(&t->window)))
		return 1;
	check_account(s);
	r = timeline_cut(t, now);
	count_side_effects(s);
	report_mends(s->host, t);
	report_machine(s->host, s->settings.kernel_stacks && !s->kernel.is_unprivileged);
	return r;
}

static int32_t sampler_finish(void *instance)
{
	struct sampler *s = instance;
	int r;

	if (!s->is_attached)
		return 0;
	s->host->set_timer(s->host, TIMER_DRAIN, 0, 0);
	s->host->set_timer(s->host, TIMER_FOLLOW, 0, 0);
	measure_end(s);
	attachment_stop(&s->kernel);
	s->finish_by_ns = s->host->now_ns(s->host) + TIMELINE_PATIENCE_NS;
	r = finish_window(s);
	if (r != 1)
		return r;
	s->host->set_timer(s->host, TIMER_FINISH, FINISH_NS, FINISH_NS);
	return -EINPROGRESS;
}

static void on_finish_timer(struct sampler *s)
{
	if (finish_window(s) == 1)
		return;
	s->host->set_timer(s->host, TIMER_FINISH, 0, 0);
	s->host->finished(s->host);
}

/* CPUs come and go, and so do services. */
static void follow_machine(struct sampler *s)
{
	attachment_follow_cpus(&s->kernel);
	attachment_follow_cgroups(&s->kernel);
}

static void sampler_on_timer(void *instance, uint32_t id)
{
	struct sampler *s = instance;

	if (id == TIMER_DRAIN)
		drain(s, s->settings.hold_back_ns);
	else if (id == TIMER_FOLLOW)
		follow_machine(s);
	else
		on_finish_timer(s);
}

static int32_t sampler_stop(void *instance, uint64_t deadline_ns)
{
	struct sampler *s = instance;

	(void)deadline_ns;
	if (s->is_attached && s->kernel.poll_fd >= 0)
		s->host->watch_fd(s->host, s->kernel.poll_fd, 0);
	sampler_detach(s);
	return 0;
}

/* ---- changes in place ---- */

/* Takes what `new` owns, also on error. */
static int apply_settings(struct sampler *s, const struct settings *new)
{
	struct settings old = s->settings;
	struct why why = {};
	int r;

	s->settings = *new;
	settings_done(&old);
	r = attachment_apply(&s->kernel, &s->settings, &why);
	if (r == 0)
		r = apply_period(s);
	if (r < 0) {
		say(s->host, HEARTH_LOG_NOTICE, "beginning anew: %s",
		    why.text[0] ? why.text : strerror(-r));
		return -EBUSY;
	}
	s->kernel.timeline.window_ns = s->settings.window_ns;
	report_event(s->host, s->settings.frequency);
	return 0;
}

static int32_t sampler_update(void *instance)
{
	struct sampler *s = instance;
	struct settings new;
	int r = settings_read(s->host, &new);

	if (r < 0)
		return r;
	r = settings_check_rate(s->host, new.frequency, SETTINGS_MAX_RATE_PATH);
	if (r == 0)
		r = refuse_missing_cgroups(s, &new);
	if (r == 0 && new.ring_bytes != s->settings.ring_bytes)
		r = -EBUSY;
	if (r < 0) {
		settings_done(&new);
		return r;
	}
	return apply_settings(s, &new);
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
	.capabilities = "cap_bpf cap_perfmon cap_sys_ptrace cap_ipc_lock",
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
