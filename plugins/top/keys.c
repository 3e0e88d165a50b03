/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-C stays what it is: the kernel's signal, so that the end works even if this does not. */
#include "keys.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

bool keys_begin(struct keys *k, int fd)
{
	struct termios raw;

	*k = (struct keys){ .fd = fd };
	/* A background job that touched the terminal would be stopped. */
	if (!isatty(fd) || tcgetpgrp(fd) != getpgrp() || tcgetattr(fd, &k->before) < 0)
		return false;
	raw = k->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	k->is_on = tcsetattr(fd, TCSANOW, &raw) == 0;
	return k->is_on;
}

void keys_end(struct keys *k)
{
	if (k->is_on)
		(void)tcsetattr(k->fd, TCSANOW, &k->before);
	k->is_on = false;
}

char keys_next(struct keys *k)
{
	struct pollfd p = { .fd = k->fd, .events = POLLIN };
	char key;

	if (!k->is_on || poll(&p, 1, 0) <= 0 || read(k->fd, &key, 1) != 1)
		return 0;
	return key;
}
