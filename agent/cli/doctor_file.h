/* SPDX-License-Identifier: Apache-2.0 */
/* `hearth doctor BINARY`. */
#pragma once

struct cli_call;

/* Prints the diagnosis of a file by every plugin that knows files; returns an exit status. */
int doctor_look_at_file(struct cli_call *call, const char *name);
