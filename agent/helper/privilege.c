/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By raw system calls: libcap would be one more library in the host for two calls.
 */
#include "helper/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/protocol.h"
#include "util/cleanup.h"

#define NOBODY 65534

int privilege_enter_helper(const char *name)
{
	/* Kernels before 5.9 lack it; everything of the host is CLOEXEC anyway. */
	if (syscall(SYS_close_range, HELPER_SOCKET + 1, ~0u, 0) < 0 && errno != ENOSYS)
		return -errno;
	if (prctl(PR_SET_NAME, name, 0, 0, 0) < 0)
		return -errno;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	/* A changed identity has cleared it, so it is set last. The socket's end says the same. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

int privilege_keep_capabilities(uint64_t keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(data); i++) {
		data[i].permitted &= (uint32_t)(keep >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	header.pid = 0;
	if (syscall(SYS_capset, &header, data) < 0)
		return -errno;
	/* EINVAL: a kernel without ambient capabilities. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return -errno;
	return 0;
}

int privilege_become_nobody(void)
{
	if (geteuid() != 0)
		return 0;
	/*
	 * Root without cap_setuid (a systemd unit with a narrow bounding set) stays root in name;
	 * it loses all capabilities like the other and the seal leaves it no way to a file.
	 */
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return errno == EPERM ? 0 : -errno;
	return 0;
}

int privilege_limit(__rlimit_resource_t resource, uint64_t value)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0)
		return -errno;
	if (limit.rlim_max < value)
		value = limit.rlim_max;
	limit.rlim_cur = limit.rlim_max = value;
	return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

int privilege_limit_memory(uint64_t bytes)
{
#ifdef HAS_SANITIZER
	(void)bytes;
	return 0;
#else
	return privilege_limit(RLIMIT_AS, bytes);
#endif
}
