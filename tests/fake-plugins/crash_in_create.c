/* SPDX-License-Identifier: Apache-2.0 */
/* Ends, or does not end, in create(), in the way that its option names. */
#include <string.h>
#include <unistd.h>

#include "fake.h"

static const struct hearth_option options[] = {
	{ .name = "how", .type = HEARTH_CHOICE, .choices = "segv|abort|exit|hang", .def = "segv",
	  .help = "What goes wrong" },
};

static volatile int *volatile nowhere; /* whose value the compiler may not know */

__attribute__((no_sanitize("undefined")))
static int32_t create(const struct hearth_host *h, void **ret)
{
	const char *how = h->option_string(h, "how");

	if (strcmp(how, "abort") == 0)
		abort();
	if (strcmp(how, "exit") == 0)
		exit(0);
	while (strcmp(how, "hang") == 0)
		pause();
	*nowhere = 1;
	return fake_create(h, ret);
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "fake-crash-in-create",
	.accepts = FAKE_ANY,
	FAKE_OPTIONS(options),
	.create = create,
	.consume = fake_consume,
	.destroy = free,
};

FAKE_PLUGIN("fake-crash-in-create");
