/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.proto of whatever is sampled, for pprof and all that reads what pprof reads. Samples are
 * added up, by stack and by whose they are, until the end of the stream or of an interval.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hearth/artifact.h>
#include <hearth/profile.h>

#include "common/cleanup.h"
#include "common/say.h"
#include "outputs.h"
#include "profile.h"

enum { TIMER_INTERVAL = 0 };

struct pprof_writer {
	const struct hearth_host *host;
	struct outputs outputs;
	struct profile *profile;
	uint32_t labels;
	uint64_t interval_ns; /* 0: once, at the end */
	bool is_finishing, has_warned;
};

static const struct hearth_option options[] = {
	{
		.name = "directory",
		.type = HEARTH_STRING,
		.def = ".",
		.help = "folder to write into; made if it is not there; -: standard output",
	},
	{
		.name = "name",
		.type = HEARTH_STRING,
		.help = "name of the file; unset: profile.pb.gz, or with an interval "
			"<service>-<host>-<UTC start>.pb.gz",
	},
	{
		.name = "overwrite",
		.type = HEARTH_BOOL,
		.def = "false",
		.help = "replace a file of that name",
	},
	{
		.name = "interval",
		.type = HEARTH_DURATION,
		.help = "write a file each time this has passed; unset: once, at the end",
		.min = 1000000000,
		.max = 86400ll * 1000000000,
	},
	{
		.name = "labels",
		.type = HEARTH_LIST,
		.def = "pid,tid,comm,thread_comm,container_id",
		.help = "what samples are told apart by: pid, tid, comm, thread_comm, container_id, "
			"cpu, timestamp_ns; []: stacks alone",
	},
	{
		.name = "level",
		.type = HEARTH_INT,
		.def = "6",
		.help = "effort of gzip",
		.min = 1,
		.max = 9,
	},
	{
		.name = "max_memory",
		.type = HEARTH_BYTES,
		.def = "256MiB",
		.help = "memory for samples; beyond half of it they lose their labels, beyond it their stacks",
		.min = 1 << 20,
		.max = 1ll << 31,
	},
};

static const struct {
	const char *name;
	uint32_t label;
} labels[] = {
	{ "pid", WITH_PID },
	{ "tid", WITH_TID },
	{ "comm", WITH_COMM },
	{ "thread_comm", WITH_THREAD_COMM },
	{ "container_id", WITH_CONTAINER },
	{ "cpu", WITH_CPU },
	{ "timestamp_ns", WITH_TIME },
};

static int read_labels(struct pprof_writer *w)
{
	size_t n;
	const char *const *list = w->host->option_list(w->host, "labels", &n);

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < ARRAY_SIZE(labels) && strcmp(list[i], labels[k].name) != 0)
			k++;
		if (k == ARRAY_SIZE(labels))
			return say_refuse(w->host, "labels", "\"%s\" is not one of pid, tid, comm, "
					  "thread_comm, container_id, cpu, timestamp_ns", list[i]);
		w->labels |= labels[k].label;
	}
	return 0;
}

static struct pprof_writer *pprof_writer_free(struct pprof_writer *w)
{
	if (!w)
		return NULL;
	outputs_done(&w->outputs);
	profile_free(w->profile);
	free(w);
	return NULL;
}
DEFINE_CLEANUP(struct pprof_writer *, pprof_writer_free)

static int pprof_writer_restart(struct pprof_writer *w)
{
	size_t limit = (size_t)w->host->option_int(w->host, "max_memory");
	struct profile *fresh;
	int r = profile_new(limit, w->labels, &fresh);

	if (r < 0)
		return r;
	profile_free(w->profile);
	w->profile = fresh;
	return 0;
}

static int32_t pprof_writer_create(const struct hearth_host *h, void **ret)
{
	_cleanup_(pprof_writer_freep) struct pprof_writer *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->host = h;
	if (h->option_is_set(h, "interval"))
		w->interval_ns = (uint64_t)h->option_int(h, "interval");
	r = outputs_init(&w->outputs, h);
	if (r == 0)
		r = read_labels(w);
	if (r == 0)
		r = pprof_writer_restart(w);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(w);
	return 0;
}

static int32_t pprof_writer_start(void *instance)
{
	struct pprof_writer *w = instance;
	_cleanup_free_ char *why = NULL;
	int r = outputs_open(&w->outputs, &why);

	if (r < 0) {
		say_fail(w->host, "%s", why ? why : strerror(-r));
		return r;
	}
	if (w->interval_ns)
		w->host->set_timer(w->host, TIMER_INTERVAL, w->interval_ns, w->interval_ns);
	return 0;
}

static int32_t pprof_writer_consume(void *instance, const struct hearth_batch *b)
{
	struct pprof_writer *w = instance;
	uint64_t truncated = w->profile->n_truncated;
	int r = profile_add_batch(w->profile, b);

	if (r == -ENOSPC && !w->has_warned) {
		w->has_warned = true;
		say(w->host, HEARTH_LOG_WARNING, "one profile holds %d events at most; batches of %s "
		    "with further ones are left out", MAX_PROFILE_EVENTS, b->instance);
	}
	if (w->profile->n_truncated > truncated)
		w->host->count(w->host, "stacks_truncated.memory limit",
			       w->profile->n_truncated - truncated);
	return r;
}

static void pprof_writer_on_timer(void *instance, uint32_t id)
{
	struct pprof_writer *w = instance;
	_cleanup_free_ char *why = NULL;
	int r;

	(void)id;
	if (w->profile->n_samples == 0)
		return;
	r = outputs_write(&w->outputs, w->profile, &why);
	if (r == 0)
		r = pprof_writer_restart(w);
	if (r < 0)
		say(w->host, HEARTH_LOG_ERROR, "%s; the next interval will hold these samples too",
		    why ? why : strerror(-r));
	(void)outputs_send(&w->outputs);
}

static void pprof_writer_on_writable(void *instance)
{
	struct pprof_writer *w = instance;

	if (outputs_send(&w->outputs) == 0 && w->is_finishing) {
		w->is_finishing = false;
		w->host->finished(w->host);
	}
}

static int32_t pprof_writer_finish(void *instance)
{
	struct pprof_writer *w = instance;
	_cleanup_free_ char *why = NULL;
	int r = 0;

	if (!w->interval_ns || w->profile->n_samples)
		r = outputs_write(&w->outputs, w->profile, &why);
	if (r < 0) {
		say_fail(w->host, "%s", why ? why : strerror(-r));
		return r;
	}
	w->is_finishing = outputs_send(&w->outputs) == -EAGAIN;
	return w->is_finishing ? -EINPROGRESS : 0;
}

static void pprof_writer_destroy(void *instance)
{
	pprof_writer_free(instance);
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_SINK,
	.name = "pprof-writer",
	.summary = "profile.proto for pprof and everything that reads it",
	.accepts = HEARTH_PROFILE_SCHEMA,
	.emits = HEARTH_ARTIFACT_SCHEMA,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.option_stride = sizeof(options[0]),
	.create = pprof_writer_create,
	.start = pprof_writer_start,
	.consume = pprof_writer_consume,
	.on_timer = pprof_writer_on_timer,
	.on_writable = pprof_writer_on_writable,
	.finish = pprof_writer_finish,
	.destroy = pprof_writer_destroy,
	.diagnose_options = outdir_diagnose,
};

static const struct hearth_component *const components[] = { &component, NULL };

const struct hearth_plugin hearth_plugin_v0 = {
	.size = sizeof(hearth_plugin_v0),
	.name = "pprof-writer",
	.version = HEARTH_VERSION,
	.license = "Apache-2.0",
	.components = components,
};
