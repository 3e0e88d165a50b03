/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorts rows by the uint32_t that they begin with; equal ones keep their order. Time does not
 * depend on the contents, so a crafted file cannot make it quadratic; and unlike glibc's qsort it
 * makes no system call that the seal would kill for.
 */
#pragma once

#include <stddef.h>

/* scratch holds as many rows as `rows`; the result is in `rows`. */
void radix_sort(void *rows, void *scratch, size_t n, size_t row_size);
