/* SPDX-License-Identifier: Apache-2.0 */
/* What `hearth doctor` prints about sampling. */
#pragma once

#include <stdbool.h>

#include <hearth/plugin.h>

/* hearth_component.diagnose [any thread] */
void sampler_diagnose(const struct hearth_diagnosis *d);

/* Those of its lines that bear on a recording that has just been made; has_kernel: kernel stacks. */
void sampler_diagnose_recording(const struct hearth_diagnosis *d, bool has_kernel);
