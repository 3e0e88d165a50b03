/* SPDX-License-Identifier: Apache-2.0 */
/* What a stream of perf.data begins with, and what says there what attributes say in a file. */
#pragma once

#include "encode.h"
#include "events.h"
#include "recorder.h"

/*
 * Puts it, with the first event, before what recorder_begin() has left in `out`: that could not be
 * read without an event. 0 or -ENOMEM.
 */
int pipe_records_begin(struct recorder *r, const struct event *first, const char *instance);
/* An event that samples may follow of. */
void pipe_records_put_event(struct encoder *e, const struct event *event);
