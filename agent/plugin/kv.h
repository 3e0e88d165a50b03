/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small durable state: <state_dir>/kv/<namespace>/<key>.kv, one file per key, replaced as a whole.
 *
 * An instance of the configured pipeline has the namespace of its name. One of a run has its
 * own, <name>@<run>: a run ends and its state with it, and two runs at once (or `record` beside
 * an agent) must not write into the same keys. The suffix keeps the keys "." and ".." and
 * temporary files apart from each other.
 *
 * What is damaged, or is no regular file, is set aside (plugin/quarantine.h) with a warning and
 * reads as absent. No state in memory: every function is [any thread].
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct kv_place {
	const char *state_dir;
	const char *instance; /* its full name */
	const char *run;      /* "" for the configured pipeline */
};

/* As in hearth/kv.h; -EINVAL for a key that does not match [a-z0-9._-]{1,64}. */
int64_t kv_get(const struct kv_place *p, const char *key, void *buf, size_t cap);
int kv_put(const struct kv_place *p, const char *key, const void *value, size_t len);
int kv_remove(const struct kv_place *p, const char *key);
int kv_each(const struct kv_place *p, int32_t (*fn)(void *ctx, const char *key), void *ctx);

/* The run has ended: removes the namespaces of its instances. 0 also if there are none. */
int kv_forget_run(const char *state_dir, const char *run);
/* Removes what crashes left: temporary files and namespaces of runs, older than a week. */
int kv_sweep(const char *state_dir);
