/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text for files and terminals. Names come from other processes: what could steer a terminal, and
 * what is no UTF-8, becomes '?', in files too, which people print with cat. [instance thread]
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

/* Characters of a name as it is printed. */
uint32_t printed_width(const char *name);
/* Prints a name; where it has more than `room` characters, its middle gives way. 0: all of it. */
void printed_put(FILE *out, const char *name, uint32_t room);
/* "3,980" */
void printed_put_number(FILE *out, uint64_t n);

/* What a terminal's line holds, 0: no terminal, so that nothing is to be cut. */
uint32_t printed_columns(int fd);
