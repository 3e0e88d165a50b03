/* SPDX-License-Identifier: Apache-2.0 */
/* `hearth convert FROM TO`. */
#pragma once

#include <hearth/plugin.h>

extern const struct hearth_verb convert_verb;
