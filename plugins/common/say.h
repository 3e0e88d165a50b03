/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines and refusals of a plugin, formatted like printf. A line is cut at 1,000 bytes. */
#pragma once

#include <hearth/plugin.h>

/* [any thread] One line at a HEARTH_LOG_* level. */
void say(const struct hearth_host *h, int32_t level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* [instance thread] hearth_host.refuse; answers -EINVAL. */
int32_t say_refuse(const struct hearth_host *h, const char *option, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* [any thread] hearth_host.fail: the instance cannot go on. */
void say_fail(const struct hearth_host *h, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
