/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* SHA-256 and size of what a file holds now. 0 or -errno. */
int digest_file(int fd, uint8_t ret_sha256[32], uint64_t *ret_size);
