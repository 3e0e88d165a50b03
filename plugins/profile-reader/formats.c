/* SPDX-License-Identifier: Apache-2.0 */
/* Text is asked last: what is no magic number may be folded stacks. */
#include "formats.h"

const struct format *const formats[] = {
	&perf_format,
	&pprof_format,
	&folded_format,
	NULL,
};
