/* SPDX-License-Identifier: Apache-2.0 */
/* hearth.inspect/1 for instances: what host->service("hearth.inspect/1") answers. */
#pragma once

#include <hearth/inspect.h>

extern const struct hearth_inspect service_inspect;
