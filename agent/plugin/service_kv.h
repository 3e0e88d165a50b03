/* SPDX-License-Identifier: Apache-2.0 */
/* hearth.kv/1 for instances: what host->service("hearth.kv/1") answers. */
#pragma once

#include <hearth/kv.h>

extern const struct hearth_kv service_kv;
