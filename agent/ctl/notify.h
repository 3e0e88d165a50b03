/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling the service manager how the agent does: the protocol of sd_notify(3) over the datagram
 * socket that NOTIFY_SOCKET names. [main thread]
 *
 * Without a service manager there is no struct notify: every function takes NULL and does
 * nothing. Nothing waits; a manager that does not listen is not the agent's problem, so only
 * notify_new() can fail.
 */
#pragma once

#include <stdint.h>

#include "util/cleanup.h"

struct notify;

/*
 * *ret is NULL if NOTIFY_SOCKET is not set. Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID
 * out of the environment, so that no child speaks in the agent's name; call it before threads.
 * -EINVAL: the variable holds neither an absolute path nor "@name".
 */
int notify_new(struct notify **ret);
struct notify *notify_free(struct notify *n); /* NULL */
DEFINE_CLEANUP(struct notify *, notify_free)

void notify_ready(struct notify *n);     /* started, or done with a reload */
void notify_reloading(struct notify *n); /* notify_ready() must follow, also on failure */
void notify_stopping(struct notify *n);
/* One line for `systemctl status`. */
void notify_status(struct notify *n, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * How often the manager wants to hear notify_watchdog(), halved as sd_watchdog_enabled(3)
 * advises; 0: not at all.
 */
uint64_t notify_watchdog_interval_ns(const struct notify *n);
void notify_watchdog(struct notify *n);
