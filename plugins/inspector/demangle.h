/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names as people write them: C++ (Itanium ABI) and Rust (legacy and v0). Go's are not mangled.
 * As `perf` shows them: without the types of parameters, without Rust's hash; suffixes of the
 * compiler (".cold", ".part.0") stay, that of LTO (".llvm.123") goes.
 */
#pragma once

#include <stdbool.h>

#define DEMANGLE_MAX 1024u /* with its NUL; what is longer ends in "..." */

/*
 * False: not mangled, damaged, or beyond the limits of the library (1,024 characters in C++, 1,024
 * levels): the name is shown as it is. Time and memory are bounded whatever the name is.
 */
bool demangle(const char *mangled, char ret[static DEMANGLE_MAX]);
