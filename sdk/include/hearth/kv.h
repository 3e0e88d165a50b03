/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hearth.kv/1: small durable state, one namespace per instance.
 *
 * What put() has answered 0 to survives kill -9 and power loss. A damaged file is set aside and
 * reads as absent; it never keeps the host from starting.
 */
#ifndef HEARTH_KV_H
#define HEARTH_KV_H

#include <hearth/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_KV_SERVICE "hearth.kv/1"

/* [any thread], all of them. Keys match [a-z0-9._-]{1,64}; values are at most 1 MiB. */
struct hearth_kv {
	uint32_t size, reserved;

	/* Copies at most `cap` bytes to buf, returns the value's whole length; -ENOENT: no key. */
	int64_t (*get)(const struct hearth_host *h, const char *key, void *buf, size_t cap);
	/* 0: on disk, old value replaced as a whole. */
	int32_t (*put)(const struct hearth_host *h, const char *key, const void *value, size_t len);
	/* 0 also when the key was absent. */
	int32_t (*remove)(const struct hearth_host *h, const char *key);
	/* Calls fn for every key, in order; fn's first non-zero answer ends it and is returned. */
	int32_t (*each)(const struct hearth_host *h, int32_t (*fn)(void *ctx, const char *key),
			void *ctx);
};

#ifdef __cplusplus
}
#endif
#endif
