/* SPDX-License-Identifier: Apache-2.0 */
/* What a helper process lays down before it touches anything foreign. */
#pragma once

#include <stdint.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

/* Capabilities as numbers of linux/capability.h, as bits. */
#define CAPABILITY(number) (1ull << (number))

/*
 * Opener and inspector: closes all fds above the socket, ends with the parent, cannot be traced,
 * and is called `name` by ps (at most 15 bytes): after exec of /proc/self/exe it would be "exe".
 */
int privilege_enter_helper(const char *name);

/* Keeps those of `keep` that the process has, for ever; others are gone. 0 or -errno. */
int privilege_keep_capabilities(uint64_t keep);

/* Becomes uid and gid 65534 without groups if it is root and may; else stays who it is. */
int privilege_become_nobody(void);

/* Soft and hard; never raises. */
int privilege_limit(__rlimit_resource_t resource, uint64_t value);

/* Address space cannot be limited under AddressSanitizer and ThreadSanitizer: they reserve terabytes. */
int privilege_limit_memory(uint64_t bytes);
