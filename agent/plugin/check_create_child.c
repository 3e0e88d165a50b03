/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child's half: from the same configuration to one instance, and "ok" or "refused" with the
 * reasons to the parent. It brings no crash handler, so that the parent sees the signal.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "loop/signal.h"
#include "plugin/check_create.h"
#include "util/file.h"
#include "util/str.h"
#include "util/sys.h"

static const struct instance_config *find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_instances; i++)
		if (str_equal(config->instances[i].name, name))
			return &config->instances[i];
	return NULL;
}

static int make_options(const struct instance_config *c, const struct component *component,
			struct option_set **ret, char **ret_why)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	_cleanup_free_ char *subject = str_format("plugin \"%s\"", c->name);
	int r;

	if (!subject)
		return -ENOMEM;
	r = option_set_new(&component->options, c->node, subject, config_reserved_keys, true,
			   &errors, ret);
	if (r < 0 && errors.n > 0)
		*ret_why = sys_strndup(errors.messages[0], SIZE_MAX);
	return r;
}

static int try(const struct config *config, const struct instance_config *c,
	       const struct check_create_host *host, char **ret_why)
{
	_cleanup_(option_set_freep) struct option_set *options = NULL;
	struct instance_env env = { .service = host->service, .ctx = host->ctx,
				    .state_dir = config->state_dir };
	struct instance_spec spec = { .name = c->name, .run = "", .labels = host->labels,
				      .n_labels = host->n_labels, .log_level = c->log_level };
	int r;

	r = registry_component(host->registry, c->plugin, &spec.component, ret_why);
	if (r < 0)
		return r == -ENOENT && c->is_optional ? 0 : r;
	r = make_options(c, spec.component, &options, ret_why);
	if (r < 0)
		return r;
	spec.options = TAKE_PTR(options);
	return instance_try_create(&env, &spec, ret_why);
}

int check_create_refuse(int fd, const char *why)
{
	_cleanup_free_ char *answer = str_format("refused\n%s", why);

	return answer ? fd_write_all(fd, answer, strlen(answer)) : -ENOMEM;
}

/*
 * Dies with the parent and leaves no core file behind: both are what a check should not cost. A
 * fault must end it as a signal, also where a sanitizer has a handler for it.
 */
static void prepare_to_die(void)
{
	const struct rlimit none = { 0, 0 };

	signal_reset();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)setrlimit(RLIMIT_CORE, &none);
}

int check_create_child(const struct config *config, const char *instance,
		       const struct check_create_host *host, int fd)
{
	const struct instance_config *c = find(config, instance);
	_cleanup_free_ char *reason = NULL;
	int r = -ENOENT;

	prepare_to_die();
	if (c)
		r = try(config, c, host, &reason);
	if (r < 0)
		return check_create_refuse(fd, reason ? reason : strerror(-r));
	return fd_write_all(fd, "ok\n", strlen("ok\n"));
}
