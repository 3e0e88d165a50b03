/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a recording can be trusted and what would make it better, in lines that a person reads at
 * its end and a program finds as "guide" in summary.json.
 */
#pragma once

struct json_t;

/*
 * Adds "guide" to the result of a run: [{about, severity, finding, mend}]. severity: "good", "costs"
 * or "bad"; mend: what to do, or null. Takes out "mends", what plugins know to do about a cause.
 */
void guide_add(struct json_t *summary);
