/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text → number, for what a configuration is written in. Every function answers -EINVAL for text
 * that it does not understand and -ERANGE for a number that does not fit; nothing is rounded
 * but what lies below one nanosecond, byte or millionth, which is -EINVAL too.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct buf;

int units_parse_int(const char *text, int64_t *ret);
/* true, yes, on, false, no, off, in any case */
int units_parse_bool(const char *text, bool *ret);
/* "10s", "250ms", "1h30m", "0.5s"; units d h m s ms us ns, large before small; "10": seconds */
int units_parse_duration(const char *text, int64_t *ret_ns);
/* "64MiB", "100MB", "1.5GiB", units B kB KiB MB MiB GB GiB TB TiB; "10": bytes */
int units_parse_bytes(const char *text, int64_t *ret_bytes);
/* "1%", "0.5%", in millionths */
int units_parse_percent(const char *text, int64_t *ret_millionths);

/*
 * A number of an option's type (HEARTH_INT, HEARTH_BOOL, HEARTH_DURATION, …) as text that the
 * functions above read back: "1h30m", "64MiB", "0.5%".
 */
int units_format(uint32_t type, int64_t number, struct buf *out);
