/* SPDX-License-Identifier: Apache-2.0 */
/* One spelling of counters, so that every report of them can be read by the same program. */
#include "stat/report.h"

#include <inttypes.h>
#include <stdbool.h>

struct json_writer {
	struct buf *out;
	bool has_member;
};

static void write_member(void *ctx, const char *name, uint64_t value)
{
	struct json_writer *w = ctx;

	if (w->has_member)
		buf_append_string(w->out, ",");
	buf_append_json(w->out, name);
	buf_printf(w->out, ":%" PRIu64, value);
	w->has_member = true;
}

int counters_write_json(const struct counters *c, struct buf *out)
{
	struct json_writer w = { .out = out };

	buf_append_string(out, "{");
	counters_each(c, write_member, &w);
	return buf_append_string(out, "}");
}
