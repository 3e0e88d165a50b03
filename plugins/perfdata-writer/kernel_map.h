/* SPDX-License-Identifier: Apache-2.0 */
/* Where the running kernel and its modules have their code: perf names kernel frames by it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct kernel_module {
	char name[64]; /* "[ext4]" */
	uint64_t start, len;
};

struct kernel_map {
	uint64_t start, len;       /* _text to _etext; 0: the kernel does not say */
	uint8_t build_id[20];
	uint32_t build_id_len;
	struct kernel_module *modules;
	size_t n_modules;
};

/* root goes before /proc and /sys: "" but for tests. 0 or -ENOMEM; what cannot be read is left out. */
int kernel_map_read(struct kernel_map *ret, const char *root);
void kernel_map_done(struct kernel_map *k);
