/* SPDX-License-Identifier: Apache-2.0 */
/* A third-party source of profiles with an end, as a file has one: it waits instead of dropping. */
#include "fake.h"
#include "profile.h"

static const struct hearth_option options[] = {
	{ .name = "samples", .type = HEARTH_INT, .def = "1000", .min = 0, .max = INT64_MAX,
	  .help = "How many samples there are" },
	{ .name = "batch", .type = HEARTH_INT, .def = "100", .min = 1, .max = 1000000,
	  .help = "How many of them are emitted at once" },
};

/* Emits one batch, then lets other callbacks have their turn; a full route is waited for. */
static void go_on(void *instance)
{
	struct fake *f = instance;
	const struct hearth_host *h = f->host;
	uint64_t total = (uint64_t)h->option_int(h, "samples");
	uint64_t n = (uint64_t)h->option_int(h, "batch"), now = h->now_ns(h);

	if (f->n == total)
		return h->finished(h);
	if (n > total - f->n)
		n = total - f->n;
	if (fake_profile_emit(h, f->n, n, now, now + 1) < 0)
		return; /* on_writable follows */
	f->n += n;
	(void)h->wake(h);
}

static int32_t start(void *instance)
{
	struct fake *f = instance;

	return f->host->wake(f->host);
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SOURCE,
	.flags = HEARTH_FINITE,
	.name = "fake-finite",
	.summary = "A given number of made-up samples",
	.emits = HEARTH_PROFILE_SCHEMA,
	FAKE_OPTIONS(options),
	.create = fake_create,
	.start = start,
	.on_wake = go_on,
	.on_writable = go_on,
	.destroy = free,
};

FAKE_PLUGIN("fake-finite");
