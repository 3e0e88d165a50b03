/* SPDX-License-Identifier: Apache-2.0 */
/* The container that a process runs in, as its control group tells. */
#pragma once

#include <stddef.h>

struct container {
	char id[65];      /* "": none, or not known */
	char pod_uid[37]; /* of Kubernetes, with dashes; "": none */
};

/*
 * `text` is /proc/PID/cgroup of cgroup v1 or v2: lines "hierarchy:controllers:path". The innermost
 * container of the first line that names one is taken.
 */
void container_parse(const char *text, size_t len, struct container *ret);
