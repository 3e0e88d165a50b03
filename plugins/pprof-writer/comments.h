/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the format has no field for, as text for people (pprof -comments): which events the sample
 * types are of, what was lost, the labels of the host. A profile without them is as good.
 *
 *	event cpu-clock: samples, cpu
 *	lost 12 samples: ring full
 *	label service.name: shop
 */
#pragma once

#include <hearth/plugin.h>

#include "profile.h"
#include "value_types.h"

enum { MAX_COMMENTS = 256 };

struct comments {
	uint32_t texts[MAX_COMMENTS]; /* strings */
	uint32_t n;
};

/* Texts are interned in the profile's tables; an error stays there. h may be NULL. */
void comments_make(struct comments *c, struct profile *p, const struct value_types *types,
		   const struct hearth_host *h);
