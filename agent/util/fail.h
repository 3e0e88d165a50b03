/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failpoints: places where a test makes the world fail. HEARTH_FAILPOINT is a comma-separated
 * list of name=action[@N[+]]: action is an errno name (ENOSPC), `kill` (SIGKILL), `hang` or
 * `delay:MS`; @N strikes the N-th passage only, @N+ that one and every later one; without @ every
 * one. Built with -Dfailpoints=true; a release build has none and ignores the variable with a
 * warning.
 */
#pragma once

#ifdef HEARTH_FAILPOINTS

/* 0, or the -errno to fail with. [any thread] */
int fail_point(const char *name);
/* Replaces what the environment asked for; NULL or "" clears. -EINVAL: not understood. */
int fail_configure(const char *spec);
/* How often the named point struck: a fault test asserts that its fault happened. */
unsigned long fail_count(const char *name);

#else

static inline int fail_point(const char *name)
{
	(void)name;
	return 0;
}

#endif
