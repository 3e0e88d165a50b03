/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every offset and size here is a claim of the file: each is checked against a cap, and a read
 * that gets less than was claimed is the end of it.
 */
#include "perf_header.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define MAGIC_SWAPPED 0x50455246494c4532ull
#define MAGIC_FIRST 0x454c494646524550ull /* "PERFFILE", before Linux 3.2 */

enum { MAX_ATTR_BYTES = 4096, MAX_FEATURE_BYTES = 64 << 20, FEATURE_BITS = 256 };

int perf_header_parse(const uint8_t *head, size_t n, struct warnings *warnings, struct perf_header *ret)
{
	uint64_t magic = 0, size = 0;

	if (n < PERF_PIPE_HEADER_BYTES)
		return warnings_fail(warnings, "cut off in its header, at byte %zu", n);
	memcpy(&magic, head, sizeof(magic));
	memcpy(&size, head + sizeof(magic), sizeof(size));
	if (magic == MAGIC_SWAPPED)
		return warnings_fail(warnings, "recorded on a machine of the other byte order");
	if (magic == MAGIC_FIRST)
		return warnings_fail(warnings, "the format of perf before Linux 3.2; read it with such a perf");
	*ret = (struct perf_header){ .is_pipe = size == PERF_PIPE_HEADER_BYTES };
	if (ret->is_pipe)
		return 0;
	if (size < offsetof(struct perf_file_header, features) || size > MAX_ATTR_BYTES)
		return warnings_fail(warnings, "its header claims to have %llu bytes, not %zu",
				     (unsigned long long)size, sizeof(ret->file));
	if (n < sizeof(ret->file))
		return warnings_fail(warnings, "cut off in its header, at byte %zu", n);
	memcpy(&ret->file, head, sizeof(ret->file));
	if (size < sizeof(ret->file))
		memset(ret->file.features, 0, sizeof(ret->file.features));
	return 0;
}

/* Exactly `size` bytes at `offset`; false: they are not there. */
static bool read_part(const struct perf_parts *p, uint64_t offset, uint64_t size, void *buf)
{
	if (!p->prefix)
		return input_pread(p->input, buf, size, offset) == (ssize_t)size;
	if (offset > p->n_prefix || size > p->n_prefix - offset)
		return false;
	memcpy(buf, p->prefix + offset, size);
	return true;
}

static int read_ids(const struct perf_parts *parts, const struct perf_file_section *ids,
		    struct perf_events *events)
{
	_cleanup_free_ uint8_t *bytes = NULL;

	if (ids->size == 0 || ids->size > (uint64_t)PERF_IDS_MAX * sizeof(uint64_t))
		return 0;
	bytes = malloc(ids->size);
	if (!bytes)
		return -ENOMEM;
	if (!read_part(parts, ids->offset, ids->size, bytes))
		return 0;
	return perf_events_add_ids(events, perf_bytes_of(bytes, ids->size));
}

int perf_header_read_events(const struct perf_header *h, const struct perf_parts *parts,
			    struct perf_events *events, struct warnings *warnings)
{
	const struct perf_file_section *attrs = &h->file.attrs;
	uint64_t each = h->file.attr_size;
	uint8_t row[MAX_ATTR_BYTES];

	if (each < PERF_ATTR_SIZE_VER0 + sizeof(struct perf_file_section) || each > sizeof(row))
		return warnings_fail(warnings, "its header claims events of %llu bytes each",
				     (unsigned long long)each);
	for (uint64_t i = 0; i < attrs->size / each && i < PERF_EVENTS_MAX; i++) {
		struct perf_file_section ids;
		int r;

		if (!read_part(parts, attrs->offset + i * each, each, row))
			return warnings_fail(warnings, "its events are not there, at byte %llu",
					     (unsigned long long)(attrs->offset + i * each));
		r = perf_events_add(events, row, each - sizeof(ids));
		memcpy(&ids, row + each - sizeof(ids), sizeof(ids));
		if (r == 0)
			r = read_ids(parts, &ids, events);
		if (r < 0)
			return r;
	}
	return events->n ? 0 : warnings_fail(warnings, "its header tells of no event");
}

static int read_feature(const struct perf_parts *parts, uint64_t id, const struct perf_file_section *where,
			struct perf_events *events, struct perf_facts *facts)
{
	_cleanup_free_ uint8_t *bytes = NULL;

	if (!perf_facts_wants(id) || where->size == 0 || where->size > MAX_FEATURE_BYTES)
		return 0;
	bytes = malloc(where->size);
	if (!bytes)
		return -ENOMEM;
	if (!read_part(parts, where->offset, where->size, bytes))
		return 0;
	return perf_facts_add_feature(facts, id, perf_bytes_of(bytes, where->size), events);
}

int perf_header_read_features(const struct perf_header *h, const struct perf_parts *parts,
			      struct perf_events *events, struct perf_facts *facts)
{
	uint64_t at;

	if (__builtin_add_overflow(h->file.data.offset, h->file.data.size, &at))
		return 0;
	for (uint64_t id = 0; id < FEATURE_BITS; id++) {
		struct perf_file_section where;
		int r;

		if (!(h->file.features[id / 64] & 1ull << (id % 64)))
			continue;
		if (!read_part(parts, at, sizeof(where), &where))
			return 0;
		at += sizeof(where);
		r = read_feature(parts, id, &where, events, facts);
		if (r < 0)
			return r;
	}
	return 0;
}
