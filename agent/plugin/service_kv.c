/* SPDX-License-Identifier: Apache-2.0 */
/* From the host vtable that a plugin passes to the place of its instance. */
#include "plugin/service_kv.h"

#include "plugin/instance.h"
#include "plugin/kv.h"

static struct kv_place place_of(const struct hearth_host *h)
{
	const struct instance *i = instance_from_host(h);

	return (struct kv_place){ .state_dir = instance_env(i)->state_dir,
				  .instance = instance_name(i),
				  .run = instance_run(i) };
}

static int64_t service_get(const struct hearth_host *h, const char *key, void *buf, size_t cap)
{
	struct kv_place p = place_of(h);

	return kv_get(&p, key, buf, cap);
}

static int32_t service_put(const struct hearth_host *h, const char *key, const void *value,
			   size_t len)
{
	struct kv_place p = place_of(h);

	return kv_put(&p, key, value, len);
}

static int32_t service_remove(const struct hearth_host *h, const char *key)
{
	struct kv_place p = place_of(h);

	return kv_remove(&p, key);
}

static int32_t service_each(const struct hearth_host *h, int32_t (*fn)(void *ctx, const char *key),
			    void *ctx)
{
	struct kv_place p = place_of(h);

	return kv_each(&p, fn, ctx);
}

const struct hearth_kv service_kv = {
	.size = sizeof(struct hearth_kv),
	.get = service_get,
	.put = service_put,
	.remove = service_remove,
	.each = service_each,
};
