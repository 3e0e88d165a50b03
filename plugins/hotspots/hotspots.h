/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <hearth/plugin.h>

extern const struct hearth_component hotspots_component;
extern const struct hearth_verb report_verb;
