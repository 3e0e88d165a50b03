/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runtimes agree on one thing only: somewhere in the path of the control group stands the id, 64
 * hex digits, alone (cgroupfs driver) or in a systemd scope ("cri-containerd-<id>.scope").
 * Asking a runtime instead would need its socket, which is root on the machine.
 */
#include "container.h"

#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"

#define ID_DIGITS 64
#define UUID_DIGITS 32
#define UUID_CHARS 36

struct text {
	const char *at;
	size_t len;
};

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool all_hex(struct text t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_hex(t.at[i]))
			return false;
	return true;
}

/* Splits at the next `separator`; `rest` keeps what is behind it. */
static struct text take(struct text *rest, char separator)
{
	const char *end = memchr(rest->at, separator, rest->len);
	struct text t = { rest->at, end ? (size_t)(end - rest->at) : rest->len };
	size_t used = t.len + (end != NULL);

	rest->at += used;
	rest->len -= used;
	return t;
}

static bool ends_with(struct text t, const char *suffix)
{
	size_t n = strlen(suffix);

	return t.len >= n && memcmp(t.at + t.len - n, suffix, n) == 0;
}

/* Fargate's ids: 32 hex digits, a dash, a decimal number. */
static bool is_fargate(struct text t)
{
	if (t.len < UUID_DIGITS + 2 || t.len > ID_DIGITS || !all_hex(t, UUID_DIGITS) ||
	    t.at[UUID_DIGITS] != '-')
		return false;
	for (size_t i = UUID_DIGITS + 1; i < t.len; i++)
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
	return true;
}

static bool take_id(struct text part, char *ret)
{
	struct text prefix;

	if (is_fargate(part)) {
		memcpy(ret, part.at, part.len);
		ret[part.len] = 0;
		return true;
	}
	if (ends_with(part, ".scope"))
		part.len -= strlen(".scope");
	if (part.len < ID_DIGITS)
		return false;
	prefix = (struct text){ part.at, part.len - ID_DIGITS };
	part = (struct text){ part.at + prefix.len, ID_DIGITS };
	/* conmon watches the container from outside. */
	if (!all_hex(part, ID_DIGITS) || ends_with(prefix, "conmon-") ||
	    (prefix.len && prefix.at[prefix.len - 1] != '-'))
		return false;
	memcpy(ret, part.at, ID_DIGITS);
	ret[ID_DIGITS] = 0;
	return true;
}

/* systemd turns the dashes of a uid into underscores, as a dash is a level of its slices. */
static bool take_uuid(struct text t, char *ret)
{
	char uid[UUID_CHARS + 1] = {};

	if (t.len == UUID_DIGITS && all_hex(t, UUID_DIGITS)) { /* of a static pod */
		memcpy(ret, t.at, UUID_DIGITS);
		ret[UUID_DIGITS] = 0;
		return true;
	}
	if (t.len != UUID_CHARS)
		return false;
	for (size_t i = 0; i < UUID_CHARS; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? t.at[i] != '-' && t.at[i] != '_' : !is_hex(t.at[i]))
			return false;
		uid[i] = is_dash ? '-' : t.at[i];
	}
	memcpy(ret, uid, sizeof(uid));
	return true;
}

/* "pod<uid>" or "kubepods-burstable-pod<uid>.slice" */
static bool take_pod(struct text part, char *ret)
{
	static const size_t lengths[] = { UUID_CHARS, UUID_DIGITS };

	if (ends_with(part, ".slice"))
		part.len -= strlen(".slice");
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t n = lengths[i];
		struct text head = { part.at, part.len - n };

		if (part.len > n && ends_with(head, "pod") &&
		    take_uuid((struct text){ part.at + head.len, n }, ret))
			return true;
	}
	return false;
}

static void parse_path(struct text path, struct container *c)
{
	while (path.len) {
		struct text part = take(&path, '/');

		if (take_pod(part, c->pod_uid))
			continue;
		(void)take_id(part, c->id);
	}
}

void container_parse(const char *text, size_t len, struct container *ret)
{
	struct text rest = { text, len };

	memset(ret, 0, sizeof(*ret));
	while (rest.len && !ret->id[0]) {
		struct text line = take(&rest, '\n');

		(void)take(&line, ':');
		(void)take(&line, ':');
		parse_path(line, ret);
	}
}
