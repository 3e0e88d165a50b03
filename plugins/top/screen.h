/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Draws a tally as text: in place on a terminal, as one block after the other elsewhere. One
 * owner thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tally.h"

struct screen {
	int fd;
	bool is_terminal; /* drawn in place; as many rows and columns as it has */
	bool has_colour;
	uint32_t n_cpus;  /* 0: not known */
	uint32_t n_drawn;
};

/* Looks at what fd is; NO_COLOR in the environment is honoured. */
void screen_init(struct screen *s, int fd, uint32_t n_cpus);

/*
 * n_functions 0: as many as fit, 20 where nothing says how many do. 0 or -errno; -EPIPE: nobody
 * reads any more.
 */
int screen_draw(struct screen *s, const struct tally *t, enum tally_order order,
		uint32_t n_functions);
