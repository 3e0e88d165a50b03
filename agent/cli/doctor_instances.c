/* SPDX-License-Identifier: Apache-2.0 */
/* No instance is created: options are parsed as they would be for one, and shown to the component. */
#include "cli/doctor_instances.h"

#include <errno.h>

#include "cli/diagnosis.h"
#include "config/config.h"
#include "config/option.h"
#include "plugin/crash.h"
#include "plugin/loader.h"
#include "util/str.h"

static void show_to(const struct component *c, const struct instance_config *instance,
		    const struct option_set *options, struct diagnosis *d)
{
	d->options = options;
	crash_enter(instance->name, "diagnose_options");
	c->c.diagnose_options(&d->d);
	crash_leave();
	d->options = NULL;
}

static int look_at_instance(const struct component *c, const struct instance_config *instance,
			    struct diagnosis *d)
{
	_cleanup_(config_errors_done) struct config_errors errors = {};
	_cleanup_(option_set_freep) struct option_set *options = NULL;
	_cleanup_free_ char *subject = str_format("plugin \"%s\"", instance->name);
	int r;

	if (!subject)
		return -ENOMEM;
	r = option_set_new(&c->options, instance->node, subject, config_reserved_keys, true, &errors,
			   &options);
	for (size_t i = 0; i < errors.n; i++)
		diagnosis_add(d, SEVERITY_BROKEN, "options", errors.messages[i], "hearth check");
	if (r == 0)
		show_to(c, instance, options, d);
	diagnosis_print(d, instance->name);
	return r == -EINVAL ? 0 : r;
}

int doctor_look_at_instances(struct registry *registry, const struct config *config,
			     struct diagnosis *d)
{
	for (size_t i = 0; i < config->n_instances; i++) {
		const struct instance_config *instance = &config->instances[i];
		_cleanup_free_ char *why = NULL;
		const struct component *c;
		int r;

		if (!instance->is_enabled)
			continue;
		r = registry_component(registry, instance->plugin, &c, &why);
		if (r == -ENOMEM)
			return r;
		if (r == -ENOENT && instance->is_optional)
			continue;
		if (r < 0) {
			diagnosis_add(d, SEVERITY_BROKEN, instance->plugin, why, "hearth check");
			diagnosis_print(d, instance->name);
		} else if (c->c.diagnose_options) {
			r = look_at_instance(c, instance, d);
			if (r < 0)
				return r;
		}
	}
	return 0;
}
