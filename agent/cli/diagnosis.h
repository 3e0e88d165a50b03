/* SPDX-License-Identifier: Apache-2.0 */
/* Findings of `hearth doctor`: gathered by section, printed aligned. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <hearth/plugin.h>

#include "config/option.h"

/* hearth_diagnosis.line's severities. */
enum severity {
	SEVERITY_OK = 0,
	SEVERITY_COSTS = 1,
	SEVERITY_BROKEN = 2,
};

struct finding {
	enum severity severity;
	char *subject, *text, *mend; /* mend: a command, or NULL */
};

struct diagnosis {
	struct hearth_diagnosis d; /* what a component's diagnose() gets */
	struct finding *findings;  /* of the section under way */
	size_t n;
	size_t n_costs, n_broken;  /* of all sections */
	int error;                 /* -ENOMEM: a finding is missing */
	const struct option_set *options; /* of the instance that is looked at, or NULL */
};

void diagnosis_init(struct diagnosis *d);
void diagnosis_done(struct diagnosis *d);

void diagnosis_add(struct diagnosis *d, enum severity severity, const char *subject,
		   const char *text, const char *mend);

struct buf;
/* Writes the section's findings below its title and begins the next one; nothing if it has none. */
void diagnosis_write(struct diagnosis *d, const char *title, bool has_colour, struct buf *out);
/* The same to standard output, at once: a crash further on must not take it along. */
void diagnosis_print(struct diagnosis *d, const char *title);
