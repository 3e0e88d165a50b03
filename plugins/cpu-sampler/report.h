/* SPDX-License-Identifier: Apache-2.0 */
/* What the sampler says in the result of a run, beside its counters. [instance thread] */
#pragma once

#include <stdint.h>

#include <hearth/plugin.h>

#include "rate.h"
#include "timeline.h"

/* "event" and "frequency_hz": what was asked for. */
void report_event(const struct hearth_host *h, uint32_t frequency);

/* "rate": what came of it, and what mends it where that is less. Nothing if no CPU was busy. */
void report_rate(const struct hearth_host *h, double asked_hz, const struct rate_result *rate);

/* "mends.<cause>" for the causes that occurred: what to do about them. */
void report_mends(const struct hearth_host *h, const struct timeline *t);

/* "advice": what `hearth doctor` says of this machine and would have made this recording better. */
void report_machine(const struct hearth_host *h, bool has_kernel);
