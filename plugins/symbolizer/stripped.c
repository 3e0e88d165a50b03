/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Distributions strip what they ship and publish the symbols apart. A person who sees
 * "gzip+0x4883" should not have to know that, nor to look for the package by hand.
 */
#include "stripped.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/debug_package.h"

enum {
	FILES_IN_ADVICE = 5,
	LIST_MAX_BYTES = 64 << 20, /* the largest on a full desktop is a tenth of this */
	WORTH_PERCENT = 1,
};

void stripped_add(struct stripped *s, const char *path, uint64_t count)
{
	uint32_t i = 0;

	while (i < s->n && strcmp(s->path[i], path) != 0)
		i++;
	if (i == MAX_STRIPPED)
		return;
	if (i == s->n) {
		s->path[i] = strdup(path);
		if (!s->path[i])
			return;
		s->n++;
	}
	s->count[i] += count;
}

void stripped_done(struct stripped *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		free(s->path[i]);
	*s = (struct stripped){ .n = 0 };
}

static void sort_by_count(struct stripped *s)
{
	for (uint32_t i = 1; i < s->n; i++) {
		for (uint32_t k = i; k > 0 && s->count[k] > s->count[k - 1]; k--) {
			uint64_t count = s->count[k];
			char *path = s->path[k];

			s->count[k] = s->count[k - 1];
			s->path[k] = s->path[k - 1];
			s->count[k - 1] = count;
			s->path[k - 1] = path;
		}
	}
}

/* A whole file as text that begins with a newline; NULL if it cannot be read. */
static char *read_list(int directory, const char *name)
{
	_cleanup_close_ int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t done = 0;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > LIST_MAX_BYTES)
		return NULL;
	text = malloc((size_t)st.st_size + 2);
	if (!text)
		return NULL;
	text[0] = '\n';
	while (done < (size_t)st.st_size) {
		ssize_t n = read(fd, text + 1 + done, (size_t)st.st_size - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	text[1 + done] = 0;
	return TAKE_PTR(text);
}

/* Where /bin is a link to /usr/bin, a list may have either name. */
static bool list_has(const char *text, const char *path)
{
	const char *spellings[] = { path, strncmp(path, "/usr/", 5) == 0 ? path + 4 : path };

	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		size_t len = strlen(spellings[i]);

		for (const char *p = strstr(text, spellings[i]); p; p = strstr(p + 1, spellings[i]))
			if (p[-1] == '\n' && p[len] == '\n')
				return true;
	}
	return false;
}

/* "libssl3:amd64.list" → "libssl3-dbgsym", "libc6:amd64.list" → "libc6-dbg" */
static char *package_of_list(const char *name)
{
	size_t without_arch = strcspn(name, ":"), without_list = strlen(name) - strlen(".list");
	char owner[NAME_MAX + 1], package[NAME_MAX + 16];

	snprintf(owner, sizeof(owner), "%.*s",
		 (int)(without_arch < without_list ? without_arch : without_list), name);
	(void)debug_package(owner, package, sizeof(package));
	return strdup(package);
}

static bool is_list(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && strcmp(name + n - 5, ".list") == 0;
}

static void look_into_list(int directory, const char *name, const struct stripped *s,
			   char *packages[FILES_IN_ADVICE])
{
	_cleanup_free_ char *text = read_list(directory, name);

	for (uint32_t i = 0; text && i < s->n && i < FILES_IN_ADVICE; i++)
		if (!packages[i] && list_has(text, s->path[i]))
			packages[i] = package_of_list(name);
}

static void find_packages(const struct stripped *s, const char *dpkg_info,
			  char *packages[FILES_IN_ADVICE])
{
	DIR *d = opendir(dpkg_info);

	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		if (is_list(e->d_name))
			look_into_list(dirfd(d), e->d_name, s, packages);
	if (d)
		closedir(d);
}

static bool is_repeated(char *packages[FILES_IN_ADVICE], uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (packages[i] && packages[k] && strcmp(packages[i], packages[k]) == 0)
			return true;
	return false;
}

/* apt does not know it before another archive has been added. */
static bool is_from_elsewhere(const char *package)
{
	static const char suffix[] = "-dbgsym";
	size_t n = strlen(package), tail = sizeof(suffix) - 1;

	return n > tail && strcmp(package + n - tail, suffix) == 0;
}

static uint32_t write_packages(FILE *f, const struct stripped *s, char *packages[FILES_IN_ADVICE])
{
	const char *elsewhere = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n && i < FILES_IN_ADVICE; i++) {
		if (!packages[i] || is_repeated(packages, i))
			continue;
		fprintf(f, "%s%s", n++ ? ", " : "install ", packages[i]);
		if (!elsewhere && is_from_elsewhere(packages[i]))
			elsewhere = s->path[i];
	}
	if (elsewhere)
		fprintf(f, " (hearth doctor %s says from where)", elsewhere);
	return n;
}

static void write_files(FILE *f, const struct stripped *s, char *packages[FILES_IN_ADVICE],
			const char *separator)
{
	for (uint32_t i = 0; i < s->n && i < FILES_IN_ADVICE; i++) {
		if (packages[i])
			continue;
		fprintf(f, "%s%s", separator, s->path[i]);
		separator = ", ";
	}
}

static int write_advice(const struct stripped *s, char *packages[FILES_IN_ADVICE], double percent,
			char **ret)
{
	size_t size = 0;
	FILE *f = open_memstream(ret, &size);
	uint32_t n;

	if (!f)
		return -ENOMEM;
	fprintf(f, "%.0f %% of the frames have no name: ", percent);
	n = write_packages(f, s, packages);
	write_files(f, s, packages, n ? "; build with symbols " : "build or install with symbols ");
	return fclose(f) == 0 ? 0 : -ENOMEM;
}

int stripped_advice(struct stripped *s, const char *dpkg_info, char **ret)
{
	char *packages[FILES_IN_ADVICE] = { NULL };
	uint64_t sum = 0;
	int r;

	for (uint32_t i = 0; i < s->n; i++)
		sum += s->count[i];
	*ret = NULL;
	if (sum == 0 || sum * 100 < s->n_frames * WORTH_PERCENT)
		return 0;
	sort_by_count(s);
	find_packages(s, dpkg_info, packages);
	r = write_advice(s, packages, 100. * (double)sum / (double)s->n_frames, ret);
	for (uint32_t i = 0; i < FILES_IN_ADVICE; i++)
		free(packages[i]);
	return r;
}
