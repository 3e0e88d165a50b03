/* SPDX-License-Identifier: Apache-2.0 */
/* Each line names what was looked at, what it costs when it is missing, and what mends it. */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/capability.h>

#include "common/cleanup.h"
#include "machine.h"
#include "settings.h"

enum { GOOD, COSTS, BROKEN };

static void line(const struct hearth_diagnosis *d, int32_t severity, const char *subject,
		 const char *finding, const char *mend)
{
	d->line(d, severity, subject, finding, severity == GOOD ? NULL : mend);
}

static void diagnose_btf(const struct hearth_diagnosis *d)
{
	bool has = access("/sys/kernel/btf/vmlinux", R_OK) == 0;

	line(d, has ? GOOD : BROKEN, "kernel BTF",
	     has ? "/sys/kernel/btf/vmlinux is there" :
		   "no /sys/kernel/btf/vmlinux: the BPF program cannot be loaded",
	     "boot a kernel with CONFIG_DEBUG_INFO_BTF=y (Debian, Ubuntu, Fedora and RHEL have it)");
}

static uint64_t effective_capabilities(void)
{
	_cleanup_free_ char *text = NULL;
	size_t capacity = 0;
	uint64_t caps = 0;
	FILE *f = fopen("/proc/self/status", "re");

	if (!f)
		return 0;
	while (getline(&text, &capacity, f) > 0)
		if (strncmp(text, "CapEff:", 7) == 0)
			caps = strtoull(text + 7, NULL, 16);
	fclose(f);
	return caps;
}

/* Without BPF one's own processes can still be sampled, unless the kernel refuses that, too. */
static bool has_perf_ring(void)
{
	int64_t paranoid;

	return geteuid() != 0 && sysctl_read("/proc/sys/kernel/perf_event_paranoid", &paranoid) &&
	       paranoid <= 2;
}

#define OWN_ONLY "only your own commands and processes can be recorded, and of these no kernel code"

static void diagnose_capabilities(const struct hearth_diagnosis *d)
{
	static const struct {
		unsigned number;
		int32_t severity;
		const char *name, *cost;
	} needed[] = {
		{ CAP_BPF, BROKEN, "cap_bpf", "missing: no BPF program can be loaded" },
		{ CAP_PERFMON, BROKEN, "cap_perfmon", "missing: no CPU can be sampled" },
		{ CAP_SYS_PTRACE, COSTS, "cap_sys_ptrace",
		  "missing: stacks of other users' processes stay unnamed" },
		{ CAP_IPC_LOCK, COSTS, "cap_ipc_lock",
		  "missing: the rings count against kernel.perf_event_mlock_kb" },
	};
	uint64_t have = effective_capabilities();
	bool can_do_less = has_perf_ring();

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		/* cap_sys_admin was all four once, and still grants the first two. */
		bool has = have >> needed[i].number & 1 ||
			   (needed[i].severity == BROKEN && have >> CAP_SYS_ADMIN & 1);

		if (!has && can_do_less && needed[i].severity == BROKEN)
			line(d, COSTS, needed[i].name, "missing: " OWN_ONLY, "run as root: sudo hearth …");
		else
			line(d, has ? GOOD : needed[i].severity, needed[i].name,
			     has ? "held" : needed[i].cost, "run as root: sudo hearth …");
	}
}

static void diagnose_bpf(const struct hearth_diagnosis *d)
{
	LIBBPF_OPTS(bpf_map_create_opts, options);
	_cleanup_close_ int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "hearth_doctor", 4, 4, 1,
						&options);
	char finding[192];
	bool can_do_less;

	if (fd >= 0) {
		line(d, GOOD, "bpf(2)", "a map can be made", NULL);
		return;
	}
	can_do_less = errno != ENOSYS && has_perf_ring();
	snprintf(finding, sizeof(finding), "%s: %s", strerror(errno),
		 can_do_less ? OWN_ONLY : "the BPF program cannot be loaded");
	line(d, can_do_less ? COSTS : BROKEN, "bpf(2)", finding,
	     errno == ENOSYS ? "boot a kernel with CONFIG_BPF_SYSCALL=y" :
			       "run as root, or grant cap_bpf and cap_perfmon; in a container also allow "
			       "bpf and perf_event_open in its seccomp profile");
}

static void diagnose_kernel_names(const struct hearth_diagnosis *d)
{
	char finding[128];
	bool is_hidden;
	int64_t v;

	if (!sysctl_read("/proc/sys/kernel/kptr_restrict", &v))
		return;
	is_hidden = v >= 2 || (v == 1 && !(effective_capabilities() >> CAP_SYSLOG & 1));
	snprintf(finding, sizeof(finding), "%lld%s", (long long)v,
		 is_hidden ? ": kernel frames stay unnamed" : "");
	line(d, is_hidden ? COSTS : GOOD, "kernel.kptr_restrict", finding,
	     "sudo sysctl kernel.kptr_restrict=1, and run as root or grant cap_syslog");
}

static void diagnose_sysctls(const struct hearth_diagnosis *d)
{
	char finding[128];
	int64_t v;

	if (sysctl_read("/proc/sys/kernel/perf_event_paranoid", &v)) {
		bool is_enough = v <= 2 || effective_capabilities() >> CAP_PERFMON & 1;

		snprintf(finding, sizeof(finding), "%lld%s", (long long)v,
			 is_enough ? "" : ": without cap_perfmon nothing can be sampled");
		line(d, is_enough ? GOOD : BROKEN, "kernel.perf_event_paranoid", finding,
		     "sudo sysctl kernel.perf_event_paranoid=2");
	} else {
		line(d, BROKEN, "kernel.perf_event_paranoid", "absent: the kernel has no perf events",
		     "boot a kernel with CONFIG_PERF_EVENTS=y");
	}
	diagnose_kernel_names(d);
	if (sysctl_read(SETTINGS_MAX_RATE_PATH, &v)) {
		snprintf(finding, sizeof(finding), "%lld Hz%s", (long long)v,
			 v >= 997 ? "" : ": record's default of 997 Hz is refused");
		line(d, v >= 997 ? GOOD : COSTS, "kernel.perf_event_max_sample_rate", finding,
		     "sudo sysctl kernel.perf_event_max_sample_rate=100000");
	}
}

void sampler_diagnose(const struct hearth_diagnosis *d)
{
	diagnose_btf(d);
	diagnose_bpf(d);
	diagnose_capabilities(d);
	diagnose_sysctls(d);
	machine_diagnose(d, "", effective_capabilities() >> CAP_IPC_LOCK & 1);
}

void sampler_diagnose_recording(const struct hearth_diagnosis *d, bool has_kernel)
{
	if (has_kernel)
		diagnose_kernel_names(d);
	machine_diagnose_steadiness(d, "");
}
