/* SPDX-License-Identifier: Apache-2.0 */
/* `hearth flamegraph FILE`. */
#pragma once

#include <hearth/plugin.h>

extern const struct hearth_verb flamegraph_verb;
