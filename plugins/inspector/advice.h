/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mends a file: the package with its symbols where a distribution built it, the compiler's
 * flag where its user did. Answers are for a person to run, and valid until the next call.
 */
#pragma once

#include "package.h"
#include "traits.h"

struct advice {
	struct distribution distribution;
	bool has_named_archive; /* where debug packages come from was said once */
	char text[768];
};

/* A file to advise on. owner: its package, "" if it has none that is known. */
struct patient {
	const char *path, *owner;
	const struct traits *traits;
};

/* For names of functions that are not exported. */
const char *advice_symbols(struct advice *a, const struct patient *p);
/* For source lines and inlined functions. */
const char *advice_info(struct advice *a, const struct patient *p);
/* For whole stacks. */
const char *advice_frames(const struct patient *p);
/* For a debug link that leads nowhere. */
const char *advice_link(struct advice *a, const struct patient *p);
