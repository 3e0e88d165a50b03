/* SPDX-License-Identifier: Apache-2.0 */
/* What `hearth doctor` prints about sampling. */
#pragma once

#include <hearth/plugin.h>

/* hearth_component.diagnose [any thread] */
void sampler_diagnose(const struct hearth_diagnosis *d);
