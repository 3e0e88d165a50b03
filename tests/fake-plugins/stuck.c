/* SPDX-License-Identifier: Apache-2.0 */
/* One of its callbacks never returns. */
#include <string.h>
#include <unistd.h>

#include "fake.h"

static const struct hearth_option options[] = {
	{ .name = "callback", .type = HEARTH_CHOICE, .choices = "start|consume|finish|stop",
	  .def = "consume", .help = "The callback that does not return" },
};

static int32_t stay(const struct fake *f, const char *callback)
{
	while (strcmp(f->host->option_string(f->host, "callback"), callback) == 0)
		pause();
	return 0;
}

static int32_t start(void *instance)
{
	return stay(instance, "start");
}

static int32_t consume(void *instance, const struct hearth_batch *b)
{
	return stay(instance, "consume") + fake_consume(instance, b);
}

static int32_t finish(void *instance)
{
	return stay(instance, "finish");
}

static int32_t stop(void *instance, uint64_t deadline_ns)
{
	(void)deadline_ns;
	return stay(instance, "stop");
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "fake-stuck",
	.accepts = FAKE_ANY,
	FAKE_OPTIONS(options),
	.create = fake_create,
	.start = start,
	.consume = consume,
	.finish = finish,
	.stop = stop,
	.destroy = free,
};

FAKE_PLUGIN("fake-stuck");
