/* SPDX-License-Identifier: Apache-2.0 */
/* hearth.control/1 for instances: runs and the control overlay of the agent they are part of. */
#pragma once

#include <hearth/control.h>

extern const struct hearth_control service_control;
