/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does what the file that it diagnoses says, so that files can be as bad as they like: "say",
 * "crash", "spin", "wait", "flood", "quit", "ask PATH" (the host), "reach PATH" (itself).
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"

static void ask(const struct hearth_diagnosis *d, const char *path)
{
	char finding[512], text[64] = "";
	int fd = d->open(d, path);

	if (fd < 0) {
		snprintf(finding, sizeof(finding), "refused: %s", strerror(-fd));
	} else {
		if (pread(fd, text, sizeof(text) - 1, 0) < 0)
			text[0] = '\0';
		snprintf(finding, sizeof(finding), "got \"%s\"", text);
		(void)close(fd);
	}
	d->line(d, 0, "ask", finding, NULL);
}

static void diagnose_file(const struct hearth_diagnosis *d, int32_t fd, const char *path)
{
	char order[512] = "";

	if (pread(fd, order, sizeof(order) - 1, 0) < 0)
		return;
	order[strcspn(order, "\n")] = '\0';
	if (strcmp(order, "say") == 0)
		d->line(d, 1, "say", path, "\033[2Jmend it");
	else if (strcmp(order, "crash") == 0)
		__builtin_trap();
	else if (strcmp(order, "spin") == 0)
		for (volatile int i = 0;; i++)
			;
	else if (strcmp(order, "wait") == 0)
		d->line(d, 0, "wait", read(3, order, sizeof(order)) < 0 ? "no" : "yes", NULL);
	else if (strcmp(order, "flood") == 0)
		for (;;)
			d->line(d, 0, "flood", "again", NULL);
	else if (strcmp(order, "quit") == 0)
		_exit(3);
	else if (strncmp(order, "ask ", 4) == 0)
		ask(d, order + 4);
	else if (strncmp(order, "reach ", 6) == 0)
		d->line(d, 0, "reach", open(order + 6, O_RDONLY | O_CLOEXEC) < 0 ? "no" : "yes",
			NULL);
}

static const struct hearth_component component = {
	.size = sizeof(component),
	.kind = HEARTH_CONTROLLER,
	.name = "fake-examiner",
	.create = fake_create,
	.destroy = free,
	.diagnose_file = diagnose_file,
};

FAKE_PLUGIN("fake-examiner");
