/* SPDX-License-Identifier: Apache-2.0 */
/* The part of `record`'s command line that says whom to sample, when and how often. */
#pragma once

#include <hearth/plugin.h>

#include "overlay.h"

#define RECORD_FREQUENCY "997"

/*
 * Adds cpu-sampler, or the source that --source names, with its options. 0, -ENOMEM, or -EINVAL
 * after refuse().
 */
int record_add_source(const struct hearth_verb_call *c, struct overlay *o);

/*
 * True if the command and its children are what is to be sampled. Where the command line names
 * something else, the command only says how long, as with perf.
 */
int record_is_of_command(const struct hearth_verb_call *c);

/* Refuses one word of --source or --sink. -EINVAL. */
int record_refuse_word(const struct hearth_verb_call *c, const char *option, const char *word,
		       const char *why);
