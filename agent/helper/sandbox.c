/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp by hand-written BPF: a linear list of the few calls that are left, three of them with
 * conditions on their arguments. newfstatat is not among them, since it takes paths, so readers
 * use SYS_fstat.
 */
#include "helper/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "helper/privilege.h"
#include "util/cleanup.h"

#if defined(__x86_64__)
#define SANDBOX_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define SANDBOX_ARCH AUDIT_ARCH_AARCH64
#else
#error "the seal of the inspector knows x86_64 and aarch64 only"
#endif

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
/* The low half of an argument: all flags tested here are below 2^32, and so is what is compared. */
#define LOAD_ARG(n) LOAD(args[n])
#define JUMP_EQUAL(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), (yes), (no))
#define JUMP_ANY(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (k), (yes), (no))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define ALLOW_CALL(name) JUMP_EQUAL(SYS_##name, 0, 1), ALLOW

/* x32 calls share the architecture, but have bit 30 set and so match no row. */
static const struct sock_filter seal[] = {
	LOAD(arch),
	JUMP_EQUAL(SANDBOX_ARCH, 1, 0),
	KILL,
	LOAD(nr),
	ALLOW_CALL(pread64),
	ALLOW_CALL(read),
	ALLOW_CALL(lseek),
	ALLOW_CALL(fstat),
	ALLOW_CALL(close),
	ALLOW_CALL(recvmsg),
	ALLOW_CALL(sendmsg),
	ALLOW_CALL(write),
	ALLOW_CALL(brk),
	ALLOW_CALL(munmap),
	ALLOW_CALL(mremap),
	ALLOW_CALL(madvise),
	ALLOW_CALL(futex),
	ALLOW_CALL(clock_gettime),
	ALLOW_CALL(getrandom),
	ALLOW_CALL(restart_syscall),
	ALLOW_CALL(rt_sigreturn),
	ALLOW_CALL(exit),
	ALLOW_CALL(exit_group),

	/* mmap: anonymous and not executable. */
	JUMP_EQUAL(SYS_mmap, 0, 6),
	LOAD_ARG(2),
	JUMP_ANY(PROT_EXEC, 3, 0),
	LOAD_ARG(3),
	JUMP_ANY(MAP_ANONYMOUS, 0, 1),
	ALLOW,
	KILL,

	JUMP_EQUAL(SYS_mprotect, 0, 4),
	LOAD_ARG(2),
	JUMP_ANY(PROT_EXEC, 1, 0),
	ALLOW,
	KILL,

	/* prlimit64: its own CPU limit. */
	JUMP_EQUAL(SYS_prlimit64, 0, 5),
	LOAD_ARG(0),
	JUMP_EQUAL(0, 0, 3),
	LOAD_ARG(1),
	JUMP_EQUAL(RLIMIT_CPU, 0, 1),
	ALLOW,
	KILL,
};

int sandbox_seal(void)
{
#ifdef HAS_SANITIZER
	(void)seal;
	return 0;
#else
	struct sock_fprog program = { .len = ARRAY_SIZE(seal), .filter = (struct sock_filter *)seal };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return -errno;
	return 0;
#endif
}

int sandbox_rearm_cpu(unsigned int seconds)
{
	struct rlimit limit;
	struct timespec used;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) < 0 || getrlimit(RLIMIT_CPU, &limit) < 0)
		return -errno;
	/* The limit counts whole seconds: the one that has begun is given away. */
	limit.rlim_cur = (rlim_t)used.tv_sec + 1 + seconds;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_CPU, &limit) < 0 ? -errno : 0;
}
