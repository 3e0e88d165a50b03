/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct hearth_host as every instance gets it: thin functions from the plugin's handle to the
 * instance behind it. Those that plugin.h tags [instance thread] assert it in debug builds.
 */
#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plugin/instance_internal.h"
#include "plugin/once.h"
#include "route/batch.h"
#include "stat/counter.h"
#include "util/clock.h"
#include "util/log.h"

static struct instance *of(const struct hearth_host *h)
{
	return instance_from_host(h);
}

static struct instance *of_this_thread(const struct hearth_host *h)
{
	struct instance *i = instance_from_host(h);

	assert(i->tid == 0 || i->tid == (int)syscall(SYS_gettid));
	return i;
}

static void host_log(const struct hearth_host *h, int32_t level, const char *message)
{
	const struct instance *i = of(h);
	int limit = i->log_level;

	if (level <= (limit >= 0 ? limit : log_level()))
		log_write_unfiltered(level, i->name, "%s", message);
}

static int32_t host_emit(const struct hearth_host *h, const struct hearth_emission *e)
{
	struct instance *i = of(h);
	struct hearth_emission ours;
	uint32_t unused;

	if (descriptor_adopt(&ours, sizeof(ours), e, &unused) < 0) {
		ours = *e; /* longer than ours, so this much is there: its segments are taken */
		ours.schema = NULL;
	}
	return emitter_emit(i->emitter, &ours);
}

static int32_t host_writable(const struct hearth_host *h)
{
	return emitter_is_writable(of(h)->emitter);
}

static void host_batch_retain(const struct hearth_host *h, const struct hearth_batch *b)
{
	(void)h;
	batch_ref(batch_from_public(b));
}

static void host_batch_release(const struct hearth_host *h, const struct hearth_batch *b)
{
	(void)h;
	batch_unref(batch_from_public(b));
}

static void host_count(const struct hearth_host *h, const char *name, uint64_t add)
{
	counters_add(of(h)->counters, name, add);
}

static int32_t host_wake(const struct hearth_host *h)
{
	struct instance *i = of(h);

	i->is_woken = true;
	return loop_wake(i->loop);
}

static uint64_t host_now_ns(const struct hearth_host *h)
{
	(void)h;
	return clock_monotonic_ns();
}

static const void *host_service(const struct hearth_host *h, const char *id)
{
	const struct instance *i = of(h);

	return i->env->service ? i->env->service(i->env->ctx, id) : NULL;
}

static int32_t host_once(const struct hearth_host *h, const char *name, int32_t (*fn)(void))
{
	(void)h;
	return once_run(name, fn);
}

static int32_t host_report(const struct hearth_host *h, const char *key, const char *json)
{
	struct instance *i = of(h);
	json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
	int r;

	if (!value)
		return -EINVAL;
	pthread_mutex_lock(&i->reports_lock);
	r = json_object_set_new(i->reports, key, value);
	pthread_mutex_unlock(&i->reports_lock);
	return r < 0 ? -EINVAL : 0; /* a key that is no UTF-8 */
}

static void host_finished(const struct hearth_host *h)
{
	struct instance *i = of(h);

	queue_call(i->inbox, lifecycle_finished, NULL, i);
}

static void host_fail(const struct hearth_host *h, const char *why)
{
	lifecycle_failed(of(h), why);
}

static const struct option_value *value(const struct hearth_host *h, const char *name)
{
	return option_set_value(of_this_thread(h)->options, name);
}

static int32_t host_option_is_set(const struct hearth_host *h, const char *name)
{
	return value(h, name)->is_set;
}

static int64_t host_option_int(const struct hearth_host *h, const char *name)
{
	return value(h, name)->number;
}

static const char *host_option_string(const struct hearth_host *h, const char *name)
{
	return value(h, name)->string;
}

static const char *const *host_option_list(const struct hearth_host *h, const char *name,
					   size_t *ret_n)
{
	const struct option_value *v = value(h, name);

	*ret_n = v->n_list;
	return (const char *const *)v->list;
}

static const struct hearth_label *host_option_map(const struct hearth_host *h, const char *name,
						  size_t *ret_n)
{
	const struct option_value *v = value(h, name);

	*ret_n = v->n_map;
	return v->map;
}

static int32_t host_refuse(const struct hearth_host *h, const char *option, const char *why)
{
	struct instance *i = of_this_thread(h);

	return config_error(&i->refusals, value(h, option)->origin,
			    "plugin \"%s\": option \"%s\": %s", i->name, option, why);
}

static void on_timer(void *ctx)
{
	struct timer_ref *t = ctx;

	if (instance_is_active(t->instance))
		INSTANCE_CALL_VOID(t->instance, on_timer, t->instance->plugin, t->id);
}

static int32_t host_set_timer(const struct hearth_host *h, uint32_t id, uint64_t first_ns,
			      uint64_t every_ns)
{
	struct instance *i = of_this_thread(h);
	struct timer_ref *t;
	int r = 0;

	if (id >= INSTANCE_TIMERS)
		return -EINVAL;
	t = &i->timers[id];
	t->instance = i;
	t->id = id;
	if (!t->timer)
		r = loop_timer_new(i->loop, on_timer, t, &t->timer);
	return r < 0 ? r : loop_timer_arm(t->timer, first_ns, every_ns);
}

static void on_fd(void *ctx, int fd, uint32_t events)
{
	struct instance *i = ctx;

	if (instance_is_active(i))
		INSTANCE_CALL_VOID(i, on_fd, i->plugin, fd, events);
	else if (i->state != INSTANCE_STOPPED) /* nobody will read it: it would be ready for ever */
		(void)loop_watch(i->loop, fd, 0, NULL, NULL);
}

static int32_t host_watch_fd(const struct hearth_host *h, int32_t fd, uint32_t events)
{
	struct instance *i = of_this_thread(h);

	return loop_watch(i->loop, fd, events, on_fd, i);
}

static const struct hearth_host host_api = {
	.size = sizeof(struct hearth_host),
	.abi_minor = HEARTH_ABI_MINOR,
	.log = host_log,
	.emit = host_emit,
	.writable = host_writable,
	.batch_retain = host_batch_retain,
	.batch_release = host_batch_release,
	.count = host_count,
	.wake = host_wake,
	.now_ns = host_now_ns,
	.service = host_service,
	.once = host_once,
	.report = host_report,
	.finished = host_finished,
	.fail = host_fail,
	.option_is_set = host_option_is_set,
	.option_int = host_option_int,
	.option_string = host_option_string,
	.option_list = host_option_list,
	.option_map = host_option_map,
	.refuse = host_refuse,
	.set_timer = host_set_timer,
	.watch_fd = host_watch_fd,
};

void host_api_init(struct instance *i)
{
	const struct hearth_label *labels = i->host.labels;
	uint32_t n_labels = i->host.n_labels;

	i->host = host_api;
	i->host.instance = i->name;
	i->host.run = i->run;
	i->host.labels = labels;
	i->host.n_labels = n_labels;
	i->host.label_stride = sizeof(*labels);
}
