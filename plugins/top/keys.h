/* SPDX-License-Identifier: Apache-2.0 */
/* Single keys from a terminal, and the terminal as it was when they are no longer wanted. */
#pragma once

#include <stdbool.h>
#include <termios.h>

struct keys {
	int fd;
	bool is_on;
	struct termios before;
};

/* Has keys delivered one by one, unseen; false: fd is no terminal, or not ours to read now. */
bool keys_begin(struct keys *k, int fd);
void keys_end(struct keys *k);
/* The next key, or 0. */
char keys_next(struct keys *k);
