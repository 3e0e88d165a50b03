/* SPDX-License-Identifier: Apache-2.0 */
/* What the fakes have in common: descriptors in one line, options by short words. */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include <hearth/plugin.h>

/* One component, declared by the file itself as `component`. */
#define FAKE_PLUGIN(plugin_name) FAKE_PLUGIN_NEEDING(plugin_name, HEARTH_ABI_MINOR)

#define FAKE_PLUGIN_NEEDING(plugin_name, minor) \
	static const struct hearth_component *const components[] = { &component, NULL }; \
	const struct hearth_plugin hearth_plugin_v0 = { \
		.size = sizeof(struct hearth_plugin), \
		.abi_minor = (minor), \
		.name = (plugin_name), \
		.version = "1.0", \
		.license = "Apache-2.0", \
		.components = components, \
	}

#define FAKE_OPTIONS(table) \
	.options = (table), .n_options = sizeof(table) / sizeof((table)[0]), \
	.option_stride = sizeof((table)[0])

#define FAKE_ANY "hearth.profile/1 hearth.metrics/1"

/* An instance that has no state but its host. */
struct fake {
	const struct hearth_host *host;
	uint64_t n;
};

static inline int32_t fake_create(const struct hearth_host *h, void **ret)
{
	struct fake *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->host = h;
	*ret = f;
	return 0;
}

static inline int32_t fake_consume(void *instance, const struct hearth_batch *b)
{
	((struct fake *)instance)->n += b->n_items;
	return 0;
}
