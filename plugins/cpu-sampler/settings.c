/* SPDX-License-Identifier: Apache-2.0 */
/* What the table cannot say is checked here: pids are numbers, and the kernel caps the rate. */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/say.h"
#include "sample_record.h"

const struct hearth_option cpu_sampler_options[CPU_SAMPLER_N_OPTIONS] = {
	{ .name = "frequency", .type = HEARTH_INT, .def = "19", .unit = "Hz", .min = 1,
	  .max = SETTINGS_MAX_HZ, .help = "samples per second and CPU" },
	{ .name = "window", .type = HEARTH_DURATION, .def = "10s",
	  .min = 100000000, .max = 3600000000000,
	  .help = "length of a batch; windows end at multiples of it" },
	{ .name = "pids", .type = HEARTH_LIST,
	  .help = "processes to sample; all when neither pids nor cgroups are set" },
	{ .name = "follow", .type = HEARTH_BOOL, .def = "true",
	  .help = "with pids: sample their children too" },
	{ .name = "mode", .type = HEARTH_CHOICE, .def = "all", .choices = "all|user|kernel",
	  .help = "sample only while a CPU runs user code, or only while it runs the kernel" },
	{ .name = "children_of", .type = HEARTH_INT, .min = 1, .max = INT32_MAX,
	  .flags = HEARTH_HIDDEN, .help = "a process whose children are sampled, but not itself" },
	{ .name = "cgroups", .type = HEARTH_LIST,
	  .help = "cgroups to sample, with those below them; a folder of v1 or v2" },
	{ .name = "kernel_stacks", .type = HEARTH_BOOL, .def = "true",
	  .help = "record the kernel part of stacks" },
	{ .name = "user_stacks", .type = HEARTH_BOOL, .def = "true",
	  .help = "record the user part of stacks" },
	{ .name = "ring_size", .type = HEARTH_BYTES, .min = 65536, .max = 1 << 30,
	  .help = "memory in which samples wait; by frequency and CPUs when unset" },
	{ .name = "hold_back", .type = HEARTH_DURATION, .def = "500ms", .min = 10000000,
	  .max = 10000000000, .flags = HEARTH_HIDDEN,
	  .help = "how long samples wait for what the kernel reports of their processes" },
};

static int read_pids(const struct hearth_host *h, struct settings *s)
{
	const char *const *list = h->option_list(h, "pids", &s->n_pids);

	if (s->n_pids > SETTINGS_MAX_PIDS)
		return say_refuse(h, "pids", "%zu pids; at most %d", s->n_pids, SETTINGS_MAX_PIDS);
	s->pids = calloc(s->n_pids ? s->n_pids : 1, sizeof(*s->pids));
	if (!s->pids)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_pids; i++) {
		char *end;
		unsigned long pid = strtoul(list[i], &end, 10);

		if (list[i][0] < '1' || list[i][0] > '9' || *end || pid > INT32_MAX)
			return say_refuse(h, "pids", "\"%s\" is not a process id", list[i]);
		s->pids[i] = (uint32_t)pid;
	}
	return 0;
}

static int read_cgroups(const struct hearth_host *h, struct settings *s)
{
	size_t n;
	const char *const *list = h->option_list(h, "cgroups", &n);

	if (n > SETTINGS_MAX_CGROUPS)
		return say_refuse(h, "cgroups", "%zu cgroups; at most %d: name one that holds many",
				  n, SETTINGS_MAX_CGROUPS);
	s->cgroups = calloc(n ? n : 1, sizeof(*s->cgroups));
	if (!s->cgroups)
		return -ENOMEM;
	for (; s->n_cgroups < n; s->n_cgroups++) {
		s->cgroups[s->n_cgroups] = strdup(list[s->n_cgroups]);
		if (!s->cgroups[s->n_cgroups])
			return -ENOMEM;
	}
	return 0;
}

static uint32_t read_modes(const struct hearth_host *h)
{
	const char *mode = h->option_string(h, "mode");

	if (strcmp(mode, "user") == 0)
		return SAMPLE_MODE_USER;
	return strcmp(mode, "kernel") == 0 ? SAMPLE_MODE_KERNEL :
					     SAMPLE_MODE_USER | SAMPLE_MODE_KERNEL;
}

int settings_read(const struct hearth_host *h, struct settings *ret)
{
	struct settings s = {
		.frequency = (uint32_t)h->option_int(h, "frequency"),
		.window_ns = (uint64_t)h->option_int(h, "window"),
		.hold_back_ns = (uint64_t)h->option_int(h, "hold_back"),
		.modes = read_modes(h),
		.follow = h->option_int(h, "follow") != 0,
		.kernel_stacks = h->option_int(h, "kernel_stacks") != 0,
		.user_stacks = h->option_int(h, "user_stacks") != 0,
	};
	int r;

	if (h->option_is_set(h, "children_of"))
		s.parent = (uint32_t)h->option_int(h, "children_of");
	if (h->option_is_set(h, "ring_size"))
		s.ring_bytes = (uint64_t)h->option_int(h, "ring_size");
	if (!s.kernel_stacks && !s.user_stacks)
		return say_refuse(h, "user_stacks", "samples without any stack are of no use; leave "
				  "kernel_stacks or user_stacks on");
	r = read_pids(h, &s);
	if (r == 0)
		r = read_cgroups(h, &s);
	if (r < 0) {
		settings_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}

void settings_done(struct settings *s)
{
	for (size_t i = 0; i < s->n_cgroups; i++)
		free(s->cgroups[i]);
	free(s->cgroups);
	free(s->pids);
	memset(s, 0, sizeof(*s));
}

bool sysctl_read(const char *path, int64_t *ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[32], *end;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	int64_t v;

	if (n <= 0)
		return false;
	text[n] = 0;
	v = strtoll(text, &end, 10);
	if (end == text)
		return false;
	*ret = v;
	return true;
}

int settings_check_rate(const struct hearth_host *h, uint32_t frequency, const char *path)
{
	int64_t max;

	if (!sysctl_read(path, &max) || frequency <= max)
		return 0;
	return say_refuse(h, "frequency", "%u Hz is more than kernel.perf_event_max_sample_rate (%lld) "
			  "allows; lower it, or sysctl kernel.perf_event_max_sample_rate=%u",
			  frequency, (long long)max, frequency);
}
