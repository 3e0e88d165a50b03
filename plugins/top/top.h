/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <hearth/plugin.h>

extern const struct hearth_component top_component;
extern const struct hearth_verb top_verb;
