/* SPDX-License-Identifier: Apache-2.0 */
/* Appends a line of JSON to a file for every batch and every step of its life. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "fake.h"

static const struct hearth_option options[] = {
	{ .name = "path", .type = HEARTH_STRING, .flags = HEARTH_REQUIRED, .help = "File to append to" },
	{ .name = "note", .type = HEARTH_STRING, .def = "", .help = "Is repeated in every line" },
	{ .name = "token_file", .type = HEARTH_SECRET_FILE, .help = "Is told at every step" },
};

static int32_t append(const struct fake *f, const char *line, int len)
{
	int fd = open(f->host->option_string(f->host, "path"),
		      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int32_t r = fd < 0 || write(fd, line, (size_t)len) != len ? -errno : 0;

	if (fd >= 0)
		(void)close(fd);
	return r;
}

static int32_t note(const struct fake *f, const char *call)
{
	const char *token = f->host->option_string(f->host, "token_file");
	char line[512];
	int n = snprintf(line, sizeof(line),
			 "{\"me\": \"%s\", \"note\": \"%s\", \"call\": \"%s\", \"token\": \"%s\"}\n",
			 f->host->instance, f->host->option_string(f->host, "note"), call,
			 token ? token : "");

	return append(f, line, n);
}

static int32_t start(void *instance)
{
	return note(instance, "start");
}

static int32_t consume(void *instance, const struct hearth_batch *b)
{
	const struct fake *f = instance;
	char line[512];
	int n = snprintf(line, sizeof(line),
			 "{\"me\": \"%s\", \"note\": \"%s\", \"from\": \"%s\", \"run\": \"%s\", "
			 "\"schema\": \"%s\", \"sequence\": %llu, \"items\": %llu}\n",
			 f->host->instance, f->host->option_string(f->host, "note"), b->instance,
			 b->run, b->schema, (unsigned long long)b->sequence,
			 (unsigned long long)b->n_items);

	return append(f, line, n);
}

static int32_t update(void *instance)
{
	return note(instance, "update");
}

static int32_t finish(void *instance)
{
	return note(instance, "finish");
}

static int32_t stop(void *instance, uint64_t deadline_ns)
{
	(void)deadline_ns;
	return note(instance, "stop");
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "fake-recorder",
	.accepts = FAKE_ANY,
	FAKE_OPTIONS(options),
	.create = fake_create,
	.start = start,
	.consume = consume,
	.update = update,
	.finish = finish,
	.stop = stop,
	.destroy = free,
};

FAKE_PLUGIN("fake-recorder");
