/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * Removes the oldest files of a series, by the time in their names: regular files in a folder whose
 * name begins with prefix and goes on with a time and .perf.data, with .zst or not. What is left
 * are `keep` at most, of keep_bytes together; 0: no limit. The newest always stays, and so does what
 * somebody holds a lock on (flock); who has linked a file elsewhere, as uploaders do, keeps it.
 * Answers how many were removed, or -errno.
 */
int retention_apply(int directory, const char *prefix, uint64_t keep, uint64_t keep_bytes);
