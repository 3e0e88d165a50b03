/* SPDX-License-Identifier: Apache-2.0 */
/* MESSAGE_UNWIND and MESSAGE_UNWIND_FILE in the helper's process. 0, or why it is out of step. */
#pragma once

#include <hearth/helper.h>

#include "helper/protocol.h"

int inspector_unwind(struct hearth_inspector *inspector, const struct message *m);
int inspector_unwind_file(struct hearth_inspector *inspector, const struct message *m);
