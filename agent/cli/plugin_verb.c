/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verb of a plugin gets its parsed command line through struct hearth_verb_call, and answers
 * with a plan (then this process carries out one run) or does its work itself.
 */
#include "cli/plugin_verb.h"

#include <errno.h>
#include <stdio.h>

#include "cli/cli.h"
#include "plugin/descriptor.h"
#include "util/cleanup.h"

struct verb_context {
	struct hearth_verb_call public;
	struct cli_call *call;
};

static const struct option_value *value(const struct hearth_verb_call *c, const char *name)
{
	const struct verb_context *v = CONTAINER_OF(c, struct verb_context, public);

	return option_set_value(&v->call->options, name);
}

static const void *verb_service(const struct hearth_verb_call *c, const char *id)
{
	(void)c;
	(void)id;
	return NULL; /* none is defined for verbs in this minor */
}

static int32_t verb_option_is_set(const struct hearth_verb_call *c, const char *name)
{
	return value(c, name)->is_set;
}

static int64_t verb_option_int(const struct hearth_verb_call *c, const char *name)
{
	return value(c, name)->number;
}

static const char *verb_option_string(const struct hearth_verb_call *c, const char *name)
{
	return value(c, name)->string;
}

static const char *const *verb_option_list(const struct hearth_verb_call *c, const char *name,
					   size_t *ret_n)
{
	const struct option_value *v = value(c, name);

	*ret_n = v->n_list;
	return (const char *const *)v->list;
}

static int32_t verb_refuse(const struct hearth_verb_call *c, const char *option, const char *why)
{
	const struct verb_context *v = CONTAINER_OF(c, struct verb_context, public);

	char name[64];

	snprintf(name, sizeof(name), "%s", option);
	for (char *at = name; *at; at++)
		*at = *at == '_' ? '-' : *at; /* as it is spelt on the command line */
	fprintf(stderr, "hearth %s: %s%s%s%s; try 'hearth %s --help'\n", v->call->name,
		*name ? "--" : "", name, *name ? ": " : "", why, v->call->name);
	return -EINVAL;
}

static struct verb_context make_context(struct cli_call *call)
{
	return (struct verb_context){
		.public = {
			.size = sizeof(struct hearth_verb_call),
			.n_arguments = (uint32_t)call->n_arguments,
			.arguments = (const char *const *)call->arguments,
			.command = (const char *const *)call->command,
			.service = verb_service,
			.option_is_set = verb_option_is_set,
			.option_int = verb_option_int,
			.option_string = verb_option_string,
			.option_list = verb_option_list,
			.refuse = verb_refuse,
		},
		.call = call,
	};
}

int verb_plan_make(const struct verb *verb, struct cli_call *call, struct verb_plan *ret)
{
	struct verb_context context = make_context(call);
	struct verb_plan p = { .plan = { .size = sizeof(p.plan) }, .verb = verb->v.name };
	int r = verb->v.plan(&context.public, &p.plan);

	if (r == -EINVAL)
		return EXIT_USAGE; /* refuse() has said why */
	if (r < 0) {
		errno = -r;
		fprintf(stderr, "hearth %s: cannot plan: %m\n", verb->v.name);
		return EXIT_FAILED;
	}
	*ret = p;
	return 0;
}

void verb_plan_done(struct verb_plan *p)
{
	if (p->plan.release)
		p->plan.release(p->plan.ctx);
	p->plan.release = NULL;
}

int cli_run_plugin_verb(const struct verb *verb, struct cli_call *call)
{
	struct verb_plan plan;
	int status;

	if (verb->v.call) {
		struct verb_context context = make_context(call);

		return verb->v.call(&context.public);
	}
	status = verb_plan_make(verb, call, &plan);
	if (status != 0)
		return status;
	status = record_run(&plan, call);
	verb_plan_done(&plan);
	return status;
}
