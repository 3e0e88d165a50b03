/* SPDX-License-Identifier: Apache-2.0 */
/* Folded text in, batches out: what a line means, and which lines mean nothing. */
#include "common/test_profile.h"

#include <stdio.h>
#include <unistd.h>

#include <hearth/profile.h>
#include <zlib.h>

#include "common/cleanup.h"

extern const struct hearth_plugin hearth_plugin_v0;

struct reading {
	struct hearth_mock mock;
	char path[64], text[64 << 10];
	int32_t error; /* of the source */
};
