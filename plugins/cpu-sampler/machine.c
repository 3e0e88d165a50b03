/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Little of this keeps the sampler from its work: it samples by the clock where there is no PMU. It
 * is what one looks for after the third recording that does not agree with the first.
 */
#include "machine.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "cpu_list.h"
#include "settings.h"

#define MAX_PATH 256

enum { GOOD, COSTS, BROKEN };

__attribute__((format(printf, 5, 6))) static void
line(const struct hearth_diagnosis *d, int32_t severity, const char *subject, const char *mend,
     const char *format, ...)
{
	char finding[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(finding, sizeof(finding), format, args);
	va_end(args);
	d->line(d, severity, subject, finding, severity == GOOD ? NULL : mend);
}

/* The first line of a file below root, without its end; false if there is none. */
static bool read_line(const char *root, const char *path, char *ret, size_t size)
{
	char whole[MAX_PATH];
	bool is_there;
	FILE *f;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	f = fopen(whole, "re");
	if (!f)
		return false;
	is_there = fgets(ret, (int)size, f) != NULL;
	fclose(f);
	if (is_there)
		ret[strcspn(ret, "\n")] = '\0';
	return is_there;
}

/* Counting one's own cycles needs no more than any sampling does. */
static void diagnose_pmu(const struct hearth_diagnosis *d)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
	_cleanup_close_ int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1,
					      PERF_FLAG_FD_CLOEXEC);

	if (fd >= 0)
		line(d, GOOD, "PMU", NULL, "counts cycles");
	else if (errno == ENOENT || errno == EOPNOTSUPP || errno == ENODEV)
		line(d, COSTS, "PMU",
		     "in a virtual machine: have its host pass the PMU on (qemu -cpu host,pmu=on)",
		     "none: samples come by the clock, as always by default; cycles, instructions and "
		     "cache misses cannot be counted");
	else
		line(d, COSTS, "PMU", "run as root: sudo hearth doctor", "cannot be asked: %s",
		     strerror(errno));
}

void machine_diagnose_steadiness(const struct hearth_diagnosis *d, const char *root)
{
	char path[MAX_PATH], text[64], other[64] = "";
	unsigned int n = 0, n_steady = 0;
	struct cpu_set cpus;

	snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/online", root);
	if (cpu_set_read(path, &cpus) < 0)
		return;
	for (uint32_t cpu = 0; cpu < cpu_set_end(&cpus); cpu++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor",
			 cpu);
		if (!cpu_set_has(&cpus, cpu) || !read_line(root, path, text, sizeof(text)))
			continue;
		n++;
		if (strcmp(text, "performance") == 0)
			n_steady++;
		else
			snprintf(other, sizeof(other), "%s", text);
	}
	if (n == 0)
		line(d, GOOD, "CPU frequency", NULL, "not this kernel's to govern");
	else if (n == n_steady)
		line(d, GOOD, "CPU frequency", NULL, "governor performance on all %u CPUs", n);
	else
		line(d, COSTS, "CPU frequency",
		     "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
		     "governor %s on %u of %u CPUs: the same work takes another time from one "
		     "recording to the next", other, n - n_steady, n);
}

static void diagnose_clamping(const struct hearth_diagnosis *d, const char *root)
{
	static const char subject[] = "kernel.perf_cpu_time_max_percent";
	char path[MAX_PATH];
	int64_t percent;

	snprintf(path, sizeof(path), "%s/proc/sys/%s", root, "kernel/perf_cpu_time_max_percent");
	if (!sysctl_read(path, &percent))
		return;
	if (percent == 0 || percent == 100)
		line(d, GOOD, subject, NULL, "%lld: the kernel never lowers the sampling rate",
		     (long long)percent);
	else if (percent < 5)
		line(d, COSTS, subject, "sudo sysctl kernel.perf_cpu_time_max_percent=25",
		     "%lld: the kernel lowers kernel.perf_event_max_sample_rate early",
		     (long long)percent);
	else
		line(d, GOOD, subject, NULL,
		     "%lld: sampling that takes more of a CPU lowers kernel.perf_event_max_sample_rate",
		     (long long)percent);
}

static void diagnose_memlock(const struct hearth_diagnosis *d, bool can_lock_memory)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return;
	if (can_lock_memory || limit.rlim_cur == RLIM_INFINITY)
		line(d, GOOD, "memory lock", NULL, "not limited%s",
		     can_lock_memory ? " (cap_ipc_lock)" : "");
	else
		line(d, COSTS, "memory lock",
		     "ulimit -l unlimited, or run as root: sudo hearth …",
		     "%llu KiB beyond kernel.perf_event_mlock_kb: larger rings are refused",
		     (unsigned long long)limit.rlim_cur / 1024);
}

static void diagnose_lockdown(const struct hearth_diagnosis *d, const char *root)
{
	char text[128];

	if (!read_line(root, "/sys/kernel/security/lockdown", text, sizeof(text)) ||
	    strstr(text, "[none]"))
		line(d, GOOD, "kernel lockdown", NULL, "none");
	else if (strstr(text, "[confidentiality]"))
		line(d, BROKEN, "kernel lockdown", "boot with lockdown=integrity",
		     "confidentiality: BPF programs may not read the kernel's memory, so the sampler's "
		     "is refused");
	else
		line(d, GOOD, "kernel lockdown", NULL, "integrity: sampling is not affected");
}

void machine_diagnose(const struct hearth_diagnosis *d, const char *root, bool can_lock_memory)
{
	diagnose_pmu(d);
	machine_diagnose_steadiness(d, root);
	diagnose_clamping(d, root);
	diagnose_memlock(d, can_lock_memory);
	diagnose_lockdown(d, root);
}
