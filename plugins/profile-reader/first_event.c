/* SPDX-License-Identifier: Apache-2.0 */
/* Which event a recording has samples of is known when they come, not before. */
#include "first_event.h"

#include <stdio.h>
#include <string.h>

#include "common/say.h"

static const char *event_of(const struct hearth_flat_builder *b)
{
	struct hearth_profile_info info;
	struct hearth_flat_text text;

	if (b->error || b->rows[HEARTH_PROFILE_INFO].count == 0)
		return "";
	memcpy(&info, b->rows[HEARTH_PROFILE_INFO].bytes, sizeof(info));
	if (info.event >= b->rows[HEARTH_STRINGS].count)
		return "";
	memcpy(&text, b->rows[HEARTH_STRINGS].bytes + info.event * sizeof(text), sizeof(text));
	return b->text + text.offset;
}

bool first_event_takes(struct first_event *f, const struct hearth_flat_builder *batch)
{
	const char *name = event_of(batch);

	if (!f->name[0])
		snprintf(f->name, sizeof(f->name), "%s", name);
	if (strncmp(f->name, name, sizeof(f->name) - 1) == 0)
		return true;
	if (f->n_left_out == 0)
		snprintf(f->left_out, sizeof(f->left_out), "%s", name);
	f->n_left_out += batch->n_items;
	return false;
}

void first_event_say(const struct first_event *f, const struct warnings *w)
{
	if (f->n_left_out)
		say(w->host, HEARTH_LOG_WARNING, "%s: shown is %s, the first event that has samples; %llu samples of "
		    "others are left out: choose one by --event, for instance %s", w->file, f->name,
		    (unsigned long long)f->n_left_out, f->left_out);
}
