/* SPDX-License-Identifier: Apache-2.0 */
/* A command may be called anything; the folder that bears its name should be easy to type. */
#include "record_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Keeps what is harmless in a file name; the rest becomes "_". */
static void copy_name(char *out, size_t size, const char *from)
{
	size_t n = 0;

	for (; from[n] && n + 1 < size; n++) {
		unsigned char c = (unsigned char)from[n];
		int is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			       (c >= 'a' && c <= 'z') || strchr("._+-", c);

		out[n] = is_plain ? (char)c : '_';
	}
	out[n] = 0;
}

char *record_folder_name(const struct hearth_verb_call *c)
{
	char name[64], host[65] = "host", when[32], *folder = NULL;
	time_t now = time(NULL);
	struct tm utc;

	if (c->command) {
		const char *slash = strrchr(c->command[0], '/');

		copy_name(name, sizeof(name), slash ? slash + 1 : c->command[0]);
	} else {
		(void)gethostname(host, sizeof(host) - 1);
		copy_name(name, sizeof(name), host);
	}
	gmtime_r(&now, &utc);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &utc);
	return asprintf(&folder, "hearth-%s-%s", name, when) < 0 ? NULL : folder;
}

char *record_title(const struct hearth_verb_call *c)
{
	char host[65] = "this machine", *title = NULL;
	size_t size = 0;
	FILE *f;

	if (!c->command) {
		(void)gethostname(host, sizeof(host) - 1);
		return strdup(host);
	}
	f = open_memstream(&title, &size);
	if (!f)
		return NULL;
	for (size_t i = 0; c->command[i]; i++)
		fprintf(f, "%s%s", i ? " " : "", c->command[i]);
	return fclose(f) == 0 ? title : NULL;
}
