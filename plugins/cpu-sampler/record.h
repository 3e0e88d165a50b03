/* SPDX-License-Identifier: Apache-2.0 */
/* The verb `record`. */
#pragma once

#include <hearth/plugin.h>

extern const struct hearth_verb record_verb;
