/* SPDX-License-Identifier: Apache-2.0 */
/* A section is printed when it is complete, because its widest subject sets the column. */
#include "cli/diagnosis.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/terminal.h"
#include "util/buf.h"
#include "util/str.h"
#include "util/sys.h"

static const struct {
	const char *word, *colour;
} severities[] = {
	[SEVERITY_OK] = { "OK", "32" },
	[SEVERITY_COSTS] = { "costs", "33" },
	[SEVERITY_BROKEN] = { "broken", "31" },
};

/* What a plugin says goes to a terminal. */
static char *clean_copy(const char *s)
{
	char *copy = sys_strndup(s ? s : "", SIZE_MAX);

	if (copy)
		str_sanitize(copy);
	return copy;
}

static void finding_done(struct finding *f)
{
	free(f->subject);
	free(f->text);
	free(f->mend);
}

void diagnosis_add(struct diagnosis *d, enum severity severity, const char *subject,
		   const char *text, const char *mend)
{
	struct finding f = { .severity = severity };
	struct finding *findings = sys_realloc(d->findings, d->n + 1, sizeof(*findings));

	if (findings)
		d->findings = findings;
	f.subject = clean_copy(subject);
	f.text = clean_copy(text);
	f.mend = mend ? clean_copy(mend) : NULL;
	if (!findings || !f.subject || !f.text || (mend && !f.mend)) {
		finding_done(&f);
		d->error = -ENOMEM;
		return;
	}
	findings[d->n++] = f;
	d->n_costs += severity == SEVERITY_COSTS;
	d->n_broken += severity == SEVERITY_BROKEN;
}

static void add_line(const struct hearth_diagnosis *d, int32_t severity, const char *subject,
		     const char *text, const char *mend)
{
	/* What a plugin may only read is ours to write. */
	struct diagnosis *own = CONTAINER_OF((uintptr_t)d, struct diagnosis, d);

	if (severity < SEVERITY_OK || severity > SEVERITY_BROKEN)
		severity = SEVERITY_BROKEN;
	diagnosis_add(own, (enum severity)severity, subject, text, mend);
}

static const char *option_string(const struct hearth_diagnosis *d, const char *name)
{
	const struct diagnosis *own = CONTAINER_OF(d, const struct diagnosis, d);

	return own->options ? option_set_value(own->options, name)->string : NULL;
}

void diagnosis_init(struct diagnosis *d)
{
	*d = (struct diagnosis){ .d = { .size = sizeof(d->d),
					.line = add_line,
					.option_string = option_string } };
}

static void forget_findings(struct diagnosis *d)
{
	for (size_t i = 0; i < d->n; i++)
		finding_done(&d->findings[i]);
	d->n = 0;
}

void diagnosis_done(struct diagnosis *d)
{
	forget_findings(d);
	free(d->findings);
	d->findings = NULL;
}

static void write_finding(const struct finding *f, int width, bool has_colour, struct buf *out)
{
	const char *word = severities[f->severity].word;

	buf_append_string(out, "  ");
	if (has_colour)
		buf_printf(out, "\033[%sm%-6s\033[0m", severities[f->severity].colour, word);
	else
		buf_printf(out, "%-6s", word);
	buf_printf(out, "  %-*s  %s%s%s\n", width, f->subject, f->text, f->mend ? "  →  " : "",
		   f->mend ? f->mend : "");
}

void diagnosis_write(struct diagnosis *d, const char *title, bool has_colour, struct buf *out)
{
	size_t width = 0;

	for (size_t i = 0; i < d->n; i++)
		if (strlen(d->findings[i].subject) > width)
			width = strlen(d->findings[i].subject);
	if (d->n > 0)
		buf_printf(out, "%s\n", title);
	for (size_t i = 0; i < d->n; i++)
		write_finding(&d->findings[i], (int)width, has_colour, out);
	forget_findings(d);
}

void diagnosis_print(struct diagnosis *d, const char *title)
{
	_cleanup_(buf_done) struct buf out = {};

	diagnosis_write(d, title, terminal_has_colour(STDOUT_FILENO), &out);
	(void)fputs(buf_text(&out), stdout);
	(void)fflush(stdout);
}
