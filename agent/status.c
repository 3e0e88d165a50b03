/* SPDX-License-Identifier: Apache-2.0 */
/* What `hearth status` shows, as JSON: docs/schemas/status.schema.json. */
#include <jansson.h>
#include <unistd.h>

#include "agent.h"
#include "run/result.h"
#include "run/run.h"
#include "util/clock.h"

static const char *state_name(enum agent_state s)
{
	static const char *const names[] = {
		[AGENT_STARTING] = "starting",
		[AGENT_RUNNING] = "running",
		[AGENT_RELOADING] = "reloading",
		[AGENT_OFF] = "off",
		[AGENT_STOPPING] = "stopping",
	};

	return names[s];
}

static void add_route(void *ctx, struct route *r)
{
	struct route_stats s;

	route_stats(r, &s);
	json_array_append_new(
		ctx, json_pack("{s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:I}", "from", s.from, "to", s.to,
			       "schemas", s.schemas, "lossless", s.is_lossless, "batches",
			       (json_int_t)s.batches, "samples", (json_int_t)s.items, "dropped",
			       (json_int_t)s.dropped_batches, "queued_bytes", (json_int_t)s.bytes_queued));
}

struct lists {
	json_t *instances, *routes;
};

static void add_instance(void *ctx, struct instance *i, bool is_retiring)
{
	struct lists *l = ctx;
	json_t *o = result_instance(i);

	json_object_set_new(o, "run", json_string(instance_run(i)));
	json_object_set_new(o, "is_retiring", json_boolean(is_retiring));
	json_object_set_new(o, "is_outdated",
			    json_boolean(plugin_is_outdated(instance_component(i)->plugin)));
	json_array_append_new(l->instances, o);
	emitter_each_route(instance_emitter(i), add_route, l->routes);
}

static json_t *reloads_json(const struct agent *a)
{
	struct agent_reload_stats s;

	agent_reload_stats(a, &s);
	return json_pack("{s:I, s:I, s:s?}", "succeeded", (json_int_t)s.succeeded, "failed",
			 (json_int_t)s.failed, "last_error", s.last_error);
}

static json_t *overhead_json(const struct core *c)
{
	const struct budget *b = core_budget(c);
	json_t *o = json_pack("{s:i}", "scale", (int)b->scale);

	json_object_set_new(o, "cpu_percent", b->share < 0 ? json_null() : json_real(b->share * 100));
	json_object_set_new(o, "budget_percent",
			    b->limit_millionths ? json_real((double)b->limit_millionths / 1e4) :
						  json_null());
	return o;
}

static json_t *helpers_json(const struct core *c)
{
	pid_t opener = 0, inspector = 0;

	helpers_pids(core_helpers(c), &opener, &inspector);
	return json_pack("{s:i, s:i}", "opener", (int)opener, "inspector", (int)inspector);
}

static json_t *symbol_cache_json(const struct core *c)
{
	struct symbol_store_stats s;

	if (!helpers_symbol_stats(core_helpers(c), &s))
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "hits", (json_int_t)s.hits, "misses",
			 (json_int_t)s.misses, "stored", (json_int_t)s.stored, "evicted",
			 (json_int_t)s.evicted, "damaged", (json_int_t)s.damaged, "bytes",
			 (json_int_t)s.bytes, "max_bytes", (json_int_t)s.max_bytes);
}

static json_t *config_path(const struct agent *a)
{
	const struct blueprint *b = pipeline_blueprint(agent_pipeline(a));

	return b && b->config->path ? json_string(b->config->path) : json_null();
}

static json_t *config_environment(const struct agent *a)
{
	const struct blueprint *b = pipeline_blueprint(agent_pipeline(a));

	return b && b->config->environment ? json_string(b->config->environment) : json_null();
}

json_t *agent_status_json(const struct agent *a)
{
	struct lists l = { json_array(), json_array() };
	size_t n_runs;
	struct run **runs = agent_runs(a, &n_runs);

	pipeline_each(agent_pipeline(a), add_instance, &l);
	for (size_t i = 0; i < n_runs; i++)
		pipeline_each(run_pipeline(runs[i]), add_instance, &l);
	return json_pack("{s:s, s:s, s:i, s:s, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "schema",
			 "hearth.status/1", "version", HEARTH_VERSION, "pid", (int)getpid(), "state",
			 state_name(agent_state(a)), "uptime_seconds",
			 (double)(clock_monotonic_ns() - agent_start_ns(a)) / (double)NS_PER_S, "config",
			 config_path(a), "environment", config_environment(a), "reloads",
			 reloads_json(a), "overhead", overhead_json(agent_core(a)), "helpers",
			 helpers_json(agent_core(a)), "symbol_cache",
			 symbol_cache_json(agent_core(a)), "instances", l.instances, "routes", l.routes);
}
