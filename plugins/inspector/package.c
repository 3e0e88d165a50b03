/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dpkg keeps one list of files per package. Their folder cannot be listed from where this runs,
 * but /var/lib/dpkg/status names every package, and so every list.
 */
#include "package.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define INFO "/var/lib/dpkg/info/"
#define MAX_STATUS (64u << 20)
#define MAX_LIST (16u << 20)
#define MAX_RELEASE (64u << 10)

struct paragraph {
	char name[PACKAGE_MAX_NAME], architecture[32];
	bool is_installed, is_multi_arch;
};

/* The whole file as a string, NULL if it is not there or too large. */
static char *read_text(const struct file_source *source, const char *path, size_t max)
{
	char *text = NULL;
	struct reader r;

	if (source->open(source->ctx, path, &r) < 0)
		return NULL;
	if (r.size <= max)
		text = malloc((size_t)r.size + 1);
	if (text && reader_get(&r, 0, text, (size_t)r.size) < 0) {
		free(text);
		text = NULL;
	}
	if (text)
		text[r.size] = '\0';
	file_source_close(&r);
	return text;
}

/* The next line without its end, NULL behind the last. */
static char *next_line(char **text)
{
	char *line = *text, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	*text = end ? end + 1 : NULL;
	return line;
}

/* The value if the line is `key` and a value. */
static const char *value_of(const char *line, const char *key)
{
	size_t len = strlen(key);

	return strncmp(line, key, len) == 0 ? line + len : NULL;
}

/* KEY=value or KEY="value", os-release(5). */
static bool release_value(const char *line, const char *key, char *ret, size_t size)
{
	const char *v = value_of(line, key);
	size_t len;

	if (!v)
		return false;
	v += *v == '"' || *v == '\'';
	len = strcspn(v, "\"'");
	if (len >= size)
		return false;
	memcpy(ret, v, len);
	ret[len] = '\0';
	return true;
}

static enum package_family family_of(const char *ids)
{
	static const struct {
		const char *id;
		enum package_family family;
	} known[] = {
		{ "ubuntu", PACKAGE_UBUNTU }, { "debian", PACKAGE_DEBIAN }, { "fedora", PACKAGE_RPM },
		{ "rhel", PACKAGE_RPM },      { "centos", PACKAGE_RPM },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strstr(ids, known[i].id))
			return known[i].family;
	return PACKAGE_UNKNOWN;
}

void distribution_read(const struct file_source *source, struct distribution *ret)
{
	_cleanup_free_ char *text = read_text(source, "/etc/os-release", MAX_RELEASE);
	char id[64] = "", like[128] = "", *rest = text, *line;

	*ret = (struct distribution){ .family = PACKAGE_UNKNOWN };
	while ((line = next_line(&rest))) {
		(void)release_value(line, "ID=", id, sizeof(id));
		(void)release_value(line, "ID_LIKE=", like, sizeof(like));
		(void)release_value(line, "VERSION_CODENAME=", ret->codename,
				    sizeof(ret->codename));
	}
	ret->family = family_of(id);
	if (ret->family == PACKAGE_UNKNOWN)
		ret->family = family_of(like);
}

/* Where /bin and /lib are links into /usr, the list may still say /bin. */
static bool is_same_file(const char *listed, const char *path)
{
	const char *path_below = value_of(path, "/usr"), *listed_below = value_of(listed, "/usr");

	return strcmp(listed, path) == 0 || (path_below && strcmp(listed, path_below) == 0) ||
	       (listed_below && strcmp(listed_below, path) == 0);
}

static size_t look_in_list(char *list, const struct paragraph *p, struct package_query *queries,
			   size_t n)
{
	size_t n_found = 0;
	char *line;

	while ((line = next_line(&list)))
		for (size_t i = 0; i < n; i++)
			if (!queries[i].owner[0] && is_same_file(line, queries[i].path)) {
				snprintf(queries[i].owner, sizeof(queries[i].owner), "%s", p->name);
				n_found++;
			}
	return n_found;
}

/* Lists of packages that may be installed for several architectures carry theirs in the name. */
static size_t look_in_package(const struct file_source *source, const struct paragraph *p,
			      struct package_query *queries, size_t n)
{
	_cleanup_free_ char *list = NULL;
	char path[sizeof(INFO) + sizeof(p->name) + sizeof(p->architecture) + 8];

	if (!p->name[0] || !p->is_installed || strchr(p->name, '/') || strchr(p->architecture, '/'))
		return 0;
	snprintf(path, sizeof(path), INFO "%s%s%s.list", p->name, p->is_multi_arch ? ":" : "",
		 p->is_multi_arch ? p->architecture : "");
	list = read_text(source, path, MAX_LIST);
	return list ? look_in_list(list, p, queries, n) : 0;
}

static void read_field(const char *line, struct paragraph *p)
{
	const char *v;

	if ((v = value_of(line, "Package: ")))
		snprintf(p->name, sizeof(p->name), "%s", v);
	else if ((v = value_of(line, "Architecture: ")))
		snprintf(p->architecture, sizeof(p->architecture), "%s", v);
	else if ((v = value_of(line, "Multi-Arch: ")))
		p->is_multi_arch = strcmp(v, "same") == 0;
	else if ((v = value_of(line, "Status: ")))
		p->is_installed = strstr(v, " installed") != NULL;
}

void package_find_owners(const struct file_source *source, struct package_query *queries, size_t n)
{
	_cleanup_free_ char *text = read_text(source, "/var/lib/dpkg/status", MAX_STATUS);
	struct paragraph p = {};
	char *rest = text, *line;
	size_t n_found = 0;

	while (n_found < n && (line = next_line(&rest))) {
		if (*line) {
			read_field(line, &p);
			continue;
		}
		n_found += look_in_package(source, &p, queries, n);
		p = (struct paragraph){};
	}
	if (n_found < n)
		(void)look_in_package(source, &p, queries, n);
}
