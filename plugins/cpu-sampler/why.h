/* SPDX-License-Identifier: Apache-2.0 */
/* A sentence for the user that travels up beside an -errno, until the edge logs it. */
#pragma once

struct why {
	char text[512];
};

/* Stores the sentence and answers `error`. */
int why_set(struct why *w, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
