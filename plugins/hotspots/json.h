/* SPDX-License-Identifier: Apache-2.0 */
/* The report as programs read it: docs/schemas/report.schema.json. [instance thread] */
#pragma once

#include "common/json_text.h"
#include "recording.h"

/* Appends one object and a newline. 0 or -ENOMEM. */
int json_write(const struct recording *r, struct json_text *j);
