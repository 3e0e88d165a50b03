/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the SDK begin with: cmocka and the headers that it needs before it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#undef fail /* hides hearth_host.fail */

#define TEST(name) static void name(void **state __attribute__((unused)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
