/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers → something: tids, pids, event ids. Open addressing; key + value in 16 bytes. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct u64_map {
	struct u64_map_slot {
		uint64_t key;
		void *value; /* NULL: free */
	} *slots;
	size_t n, n_slots;
};

void u64_map_done(struct u64_map *m);

/* NULL: not there. */
void *u64_map_find(const struct u64_map *m, uint64_t key);

/* Sets a value that is not NULL. 0 or -ENOMEM. */
int u64_map_put(struct u64_map *m, uint64_t key, void *value);

void u64_map_remove(struct u64_map *m, uint64_t key);
