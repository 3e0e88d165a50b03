// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Takes a sample wherever the CPU clock of a CPU fires: who runs, its kernel stack and its
 * user stack. Children of the processes in the filter are added here, at fork, because user
 * space would learn of a short-lived one only after its death.
 */
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <linux/errno.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "kernel_types.h"
#include "sample_record.h"

/* A piece of a user stack, in words. */
#define STACK_WINDOW 32

/* Room for the deepest sample; the ring gets only what is used of it. */
struct sample_scratch {
	struct sample_record head;
	__u64 addresses[2 * SAMPLE_MAX_FRAMES + 2];
	__u64 window[STACK_WINDOW];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024); /* the plugin sets the real size */
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sample_scratch);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SAMPLE_MAX_CPUS);
	__type(key, __u32);
	__type(value, struct sample_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u8);
} pids SEC(".maps");

/* By number within the one hierarchy that they are all of. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u8);
} cgroups SEC(".maps");

volatile struct sampler_settings settings;

/* The agent's pid namespace; 0 when it is the first one of the machine. */
const volatile __u32 namespace_inode;

/*
 * The pid of a task as the agent's namespace numbers it; 0: it is not visible there. From inside
 * a container nobody can tell how deep it is, so the namespace is looked for.
 */
static __always_inline __u32 pid_in_namespace(struct task_struct *task)
{
	struct pid *pid = task->thread_pid;
	__u32 level = pid ? pid->level : 0;

	for (__u32 i = 1; i <= MAX_PID_NS_LEVEL && i <= level; i++) {
		struct upid number = {};

		bpf_core_read(&number, sizeof(number), &pid->numbers[i]);
		if (BPF_CORE_READ(number.ns, ns.inum) == namespace_inode)
			return number.nr;
	}
	return 0;
}

static __always_inline __u32 process_id(struct task_struct *task)
{
	return namespace_inode ? pid_in_namespace(task->group_leader) : (__u32)task->tgid;
}

static __always_inline __u32 thread_id(struct task_struct *task)
{
	return namespace_inode ? pid_in_namespace(task) : (__u32)task->pid;
}

static __always_inline struct cgroup *cgroup_of(struct task_struct *task)
{
	struct css_set *set = task->cgroups;
	__s32 subsystem = settings.subsystem;
	struct cgroup_subsys_state *state = NULL;

	if (subsystem < 0)
		return set->dfl_cgrp;
	bpf_core_read(&state, sizeof(state), &set->subsys[subsystem & (SAMPLE_MAX_SUBSYSTEMS - 1)]);
	return BPF_CORE_READ(state, cgroup);
}

/* True for a cgroup that is asked for and for those below it. */
static __always_inline int is_in_cgroups(struct task_struct *task)
{
	struct cgroup *leaf = cgroup_of(task), *at;
	int level = BPF_CORE_READ(leaf, level);

	for (int i = 0; i < SAMPLE_MAX_CGROUP_DEPTH && i <= level; i++) {
		__u64 id;

		bpf_core_read(&at, sizeof(at), &leaf->ancestors[i]);
		id = BPF_CORE_READ(at, kn, id);
		if (bpf_map_lookup_elem(&cgroups, &id))
			return 1;
	}
	return 0;
}

static __always_inline int is_wanted(struct task_struct *task, __u32 pid)
{
	__u8 *kind;

	if (!settings.is_filtered)
		return 1;
	kind = bpf_map_lookup_elem(&pids, &pid);
	if (kind && *kind == SAMPLE_PID_WANTED)
		return 1;
	return settings.has_cgroups && is_in_cgroups(task);
}

/*
 * Follows the chain of saved frame pointers as the kernel's own walker does, but tells how it
 * ended: a null pointer is the end that the psABI prescribes, anything else is a program
 * without frame pointers. A caller's frame is always above its callee's, and mostly close: a read
 * costs more than what it reads, so one fetches a window with the frames that come next.
 */
static __always_inline __u32 walk_user(struct sample_scratch *s, __u64 *out, __u64 pc, __u64 fp,
				       __u16 *flags)
{
	__u64 *window = s->window, base = fp - 1, reach = 0, offset;
	__u32 n, i;

	out[0] = pc;
	for (n = 1; n < SAMPLE_MAX_FRAMES; n++) {
		if (fp == 0) {
			*flags |= SAMPLE_USER_END;
			return n;
		}
		offset = fp - base;
		if (offset > reach || offset % sizeof(*window)) {
			base = fp;
			offset = 0;
			reach = sizeof(s->window) - 2 * sizeof(*window);
			if (bpf_probe_read_user(window, sizeof(s->window), (void *)fp) < 0) {
				reach = 0; /* it ends where nothing is mapped */
				if (bpf_probe_read_user(window, 2 * sizeof(*window), (void *)fp) < 0)
					return n;
			}
		}
		i = offset / sizeof(*window) % STACK_WINDOW;
		out[n] = window[(i + 1) % STACK_WINDOW];
		if (window[i] && window[i] <= fp)
			return n + 1;
		fp = window[i];
	}
	*flags |= fp ? SAMPLE_USER_CUT : SAMPLE_USER_END;
	return n;
}

#if defined(__TARGET_ARCH_x86)
#define is_kernel_address(a) ((__s64)(a) < 0)
#define USER32_CS 0x23 /* arch/x86/include/asm/segment.h: __USER32_CS */
#define is_compat(regs) (((regs)->cs & 0xffff) == USER32_CS)
#elif defined(__TARGET_ARCH_arm64)
#define is_kernel_address(a) ((a) >> 55 & 1)
#define is_compat(regs) ((regs)->pstate >> 4 & 1) /* PSR_MODE32_BIT */
#else
#error "registers of this machine are not known here"
#endif

/* The user stack into out[]; answers how many frames. */
static __always_inline __u32 take_user(struct bpf_perf_event_data *ctx, struct task_struct *task,
				       struct sample_scratch *s, __u64 *out, __u16 *flags)
{
	const __u32 no_user_code = PF_KTHREAD | PF_USER_WORKER | PF_IO_WORKER;
	__u64 pc = PT_REGS_IP(&ctx->regs), fp = PT_REGS_FP(&ctx->regs);
	__u32 compat = is_compat(&ctx->regs);

	if (!task->mm || task->flags & no_user_code) {
		*flags |= SAMPLE_NO_USER;
		return 0;
	}
	if (is_kernel_address(pc)) {
		struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

		pc = PT_REGS_IP(regs);
		fp = PT_REGS_FP(regs);
		compat = is_compat(regs);
	}
	if (!compat)
		return walk_user(s, out, pc, fp, flags);
	*flags |= SAMPLE_USER_COMPAT;
	out[0] = pc;
	return 1;
}

static __always_inline __u32 take_kernel(struct bpf_perf_event_data *ctx, __u64 *out, __u16 *flags)
{
	long size = bpf_get_stack(ctx, out, SAMPLE_MAX_FRAMES * sizeof(__u64), 0);
	__u32 n = (__u32)size / sizeof(__u64);

	if (size < 0 || n > SAMPLE_MAX_FRAMES) {
		*flags |= SAMPLE_KERNEL_FAILED;
		return 0;
	}
	if (n >= settings.kernel_frames)
		*flags |= SAMPLE_KERNEL_CUT;
	return n;
}

/* Both stacks into the scratch record; answers the length of the record. */
static __always_inline __u64 take_stacks(struct bpf_perf_event_data *ctx, struct task_struct *task,
					 struct sample_scratch *s)
{
	__u32 n_kernel = 0, n_user = 0;
	__u16 flags = 0;

	if (settings.want_kernel && is_kernel_address(PT_REGS_IP(&ctx->regs)))
		n_kernel = take_kernel(ctx, s->addresses, &flags);
	if (settings.want_user)
		n_user = take_user(ctx, task, s, s->addresses + n_kernel, &flags);
	s->head.flags = flags;
	s->head.n_kernel = n_kernel;
	s->head.n_user = n_user;
	return sizeof(s->head) + (n_kernel + n_user) * sizeof(__u64);
}

/* As perf's ":u" and ":k" have it: where the CPU was, not whose work it did. */
static __always_inline __u32 mode_of(struct bpf_perf_event_data *ctx)
{
	return is_kernel_address(PT_REGS_IP(&ctx->regs)) ? SAMPLE_MODE_KERNEL : SAMPLE_MODE_USER;
}

SEC("perf_event")
int take_sample(struct bpf_perf_event_data *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 zero = 0, cpu = bpf_get_smp_processor_id(), pid = process_id(task);
	struct sample_counters *c = bpf_map_lookup_elem(&counters, &cpu);
	struct sample_scratch *s = bpf_map_lookup_elem(&scratch, &zero);
	__u64 len, fill, wakeup;

	if (!c || !s)
		return 0;
	c->ticks++;
	if (pid == 0)
		return 0;
	if (!(settings.modes & mode_of(ctx)))
		return 0;
	if (!is_wanted(task, pid))
		return 0;
	s->head.time_ns = bpf_ktime_get_ns();
	s->head.sequence = ++c->taken;
	s->head.start_time_ns = task->group_leader->start_boottime;
	s->head.pid = pid;
	s->head.tid = thread_id(task);
	s->head.cpu = cpu;
	bpf_get_current_comm(s->head.comm, sizeof(s->head.comm));
	len = take_stacks(ctx, task, s);
	fill = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);
	wakeup = fill > settings.wakeup_bytes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
	if (len > sizeof(*s) || bpf_ringbuf_output(&ring, s, len, wakeup) < 0)
		c->ring_full++;
	c->run_ns += bpf_ktime_get_ns() - s->head.time_ns;
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(follow_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 from = process_id(parent), to = process_id(child), zero = 0;
	struct sample_counters *c;
	__u8 wanted = SAMPLE_PID_WANTED;

	if (to == 0 || from == to || !bpf_map_lookup_elem(&pids, &from))
		return 0;
	if (bpf_map_update_elem(&pids, &to, &wanted, BPF_ANY) < 0) {
		c = bpf_map_lookup_elem(&counters, &zero);
		if (c)
			__sync_fetch_and_add(&c->not_followed, 1);
	}
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(forget_exit, struct task_struct *task)
{
	__u32 pid = process_id(task);

	if (pid && task->signal->live.counter == 0)
		bpf_map_delete_elem(&pids, &pid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
