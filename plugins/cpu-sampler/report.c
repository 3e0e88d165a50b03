/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host prints the result and knows nothing of frame pointers or clocks: whoever counts a loss by
 * its cause also says what can be done about that cause.
 */
#include "report.h"

#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json_text.h"
#include "doctor.h"
#include "settings.h"

#define NS_PER_S 1e9
#define RATE_GOOD 0.95 /* of what was asked; less than that is worth a word */
/* Of a CPU's time in the program; interrupt and kernel take about as much again around it. */
#define RUN_HEAVY 0.05

void report_event(const struct hearth_host *h, uint32_t frequency)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", frequency);
	h->report(h, "event", "\"cpu-clock\"");
	h->report(h, "frequency_hz", text);
}

/* Below what was achieved, with two digits: 59,507 Hz → 44,000. */
static uint64_t sustainable_hz(double achieved_hz)
{
	uint64_t hz = (uint64_t)(0.75 * achieved_hz), unit = 1;

	while (hz / unit >= 100)
		unit *= 10;
	return hz ? hz / unit * unit : 1;
}

/*
 * The kernel's limit sinks when handlers take long, and clocks that run faster are throttled. A
 * clock whose own handler takes longer than its period skips beats.
 */
static void write_mend(struct json_text *j, double asked_hz, const struct rate_row *slowest)
{
	char text[256];
	int64_t max;

	if (sysctl_read(SETTINGS_MAX_RATE_PATH, &max) && (double)max < asked_hz)
		snprintf(text, sizeof(text), "the kernel holds clocks to %lld Hz: record with a lower -F, "
			 "or sysctl kernel.perf_event_max_sample_rate=%.0f", (long long)max,
			 2 * asked_hz);
	else if ((double)slowest->run_ns > RUN_HEAVY * (double)slowest->busy_ns)
		snprintf(text, sizeof(text), "taking samples holds up their own clock: record with "
			 "-F %llu or less", (unsigned long long)sustainable_hz(rate_hz(slowest)));
	else
		snprintf(text, sizeof(text), "the clock was held up, by other work in interrupts or by a "
			 "hypervisor: shares stay right, but count time by what was achieved");
	json_member_string(j, "mend", text);
}

static void write_cpus(struct json_text *j, const struct rate_result *rate)
{
	json_put_key(j, "cpus");
	json_open(j, '[');
	for (uint32_t i = 0; i < rate->n; i++) {
		json_open(j, '{');
		json_member_uint(j, "cpu", rate->rows[i].cpu);
		json_put_key(j, "achieved_hz");
		json_put_number(j, rate_hz(&rate->rows[i]));
		json_put_key(j, "busy_seconds");
		json_put_number(j, (double)rate->rows[i].busy_ns / NS_PER_S);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void write_rate(struct json_text *j, double asked_hz, const struct rate_result *rate)
{
	struct rate_row sum = {};
	const struct rate_row *slowest = &rate->rows[0];

	for (uint32_t i = 0; i < rate->n; i++) {
		sum.ticks += rate->rows[i].ticks;
		sum.busy_ns += rate->rows[i].busy_ns;
		if (rate_hz(&rate->rows[i]) < rate_hz(slowest))
			slowest = &rate->rows[i];
	}
	json_put_key(j, "asked_hz");
	json_put_number(j, asked_hz);
	json_put_key(j, "achieved_hz");
	json_put_number(j, rate_hz(&sum));
	json_put_key(j, "slowest_hz");
	json_put_number(j, rate_hz(slowest));
	json_member_uint(j, "slowest_cpu", slowest->cpu);
	if (rate_hz(slowest) < RATE_GOOD * asked_hz)
		write_mend(j, asked_hz, slowest);
}

void report_rate(const struct hearth_host *h, double asked_hz, const struct rate_result *rate)
{
	_cleanup_(json_text_done) struct json_text j = { .text = NULL };

	if (rate->n == 0)
		return;
	json_open(&j, '{');
	write_rate(&j, asked_hz, rate);
	write_cpus(&j, rate);
	json_close(&j, '}');
	if (!j.error)
		h->report(h, "rate", j.text);
}

static void report_mend(const struct hearth_host *h, const char *cause, const char *mend)
{
	_cleanup_(json_text_done) struct json_text j = { .text = NULL };
	char key[128];

	snprintf(key, sizeof(key), "mends.%s", cause);
	json_put_string(&j, mend);
	if (!j.error)
		h->report(h, key, j.text);
}

static const char *file_name(const struct binary *b)
{
	const char *slash = strrchr(b->path, '/');

	return slash ? slash + 1 : b->path;
}

/* Names the files, because "build with frame pointers" helps only who knows what to build. */
static void report_cut_files(const struct hearth_host *h, const struct timeline *t, uint64_t n_cut)
{
	const struct binary *most[2];
	size_t n = binaries_most_cut(&t->binaries, most, ARRAY_SIZE(most));
	char text[1024];
	int len = 0;

	if (n == 2 && strcmp(file_name(most[0]), file_name(most[1])) == 0)
		n = 1; /* the same library in two roots */
	for (size_t i = 0; i < n && most[i]->n_cut * 100 >= n_cut; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%.255s (%.0f %%)",
				i ? " and " : "in ", file_name(most[i]),
				100. * (double)most[i]->n_cut / (double)n_cut);
	snprintf(text + len, sizeof(text) - (size_t)len, "%scallers are missing there, what itself "
		 "took time is right; hearth doctor FILE says what mends it", len ? ": " : "");
	report_mend(h, window_cut_text[CUT_NO_FRAME_POINTERS], text);
}

void report_mends(const struct hearth_host *h, const struct timeline *t)
{
	for (size_t i = 0; i < WINDOW_N_CUTS; i++)
		if (t->cut[i] && window_cut_mend[i])
			report_mend(h, window_cut_text[i], window_cut_mend[i]);
	if (t->cut[CUT_NO_FRAME_POINTERS])
		report_cut_files(h, t, t->cut[CUT_NO_FRAME_POINTERS]);
	if (t->gaps)
		report_mend(h, "ring full", "record with a lower -F, or with "
			    "--set cpu-sampler.ring_size=64MiB");
}

/* ---- the machine ---- */

struct advisor {
	struct hearth_diagnosis d; /* first */
	struct json_text list;
};

static void advise(const struct hearth_diagnosis *d, int32_t severity, const char *subject,
		   const char *finding, const char *mend)
{
	struct advisor *a = (struct advisor *)(uintptr_t)d;
	char text[512];

	if (severity == 0)
		return;
	snprintf(text, sizeof(text), "%s %s; %s", subject, finding, mend ? mend : "hearth doctor");
	json_put_string(&a->list, text);
}

void report_machine(const struct hearth_host *h, bool has_kernel)
{
	struct advisor a = { .d = { .size = sizeof(a.d), .line = advise } };

	json_open(&a.list, '[');
	sampler_diagnose_recording(&a.d, has_kernel);
	json_close(&a.list, ']');
	if (!a.list.error)
		h->report(h, "advice", a.list.text);
	json_text_done(&a.list);
}
