/* SPDX-License-Identifier: Apache-2.0 */
/* What a process that parses foreign files lays down before the first of them. */
#pragma once

/*
 * uid 65534 if it is root, no capability, 16 fds, 256 MiB, no files written, and the seal of
 * sandbox.h. `name`: as for privilege_enter_helper(). No way back; 0 or -errno.
 */
int sealed_enter(const char *name);
