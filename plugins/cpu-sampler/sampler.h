/* SPDX-License-Identifier: Apache-2.0 */
/* The component "cpu-sampler". */
#pragma once

#include <hearth/plugin.h>

extern const struct hearth_component cpu_sampler;
