/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of a record's fields is that of perf_output_sample() and perf_event__output_id_sample()
 * in kernel/events/core.c; readers derive it from sample_type and know no other.
 */
#include "encode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/perf_format.h"

enum { COMM_BYTES = 16, BUILD_ID_BYTES = 20 };

void encoder_done(struct encoder *e)
{
	free(e->bytes);
	*e = (struct encoder){ .bytes = NULL };
}

void encoder_reset(struct encoder *e)
{
	e->len = e->began = 0;
	e->error = 0;
}

static bool reserve(struct encoder *e, size_t more)
{
	size_t capacity = e->capacity ? e->capacity : 4096;
	uint8_t *bytes;

	if (e->len + more <= e->capacity)
		return true;
	while (capacity < e->len + more)
		capacity *= 2;
	bytes = realloc(e->bytes, capacity);
	if (!bytes) {
		e->error = -ENOMEM;
		return false;
	}
	e->bytes = bytes;
	e->capacity = capacity;
	return true;
}

void encode_put(struct encoder *e, const void *bytes, size_t len)
{
	if (!reserve(e, len))
		return;
	memcpy(e->bytes + e->len, bytes, len);
	e->len += len;
}

static void put_u32(struct encoder *e, uint32_t n)
{
	encode_put(e, &n, sizeof(n));
}

static void put_u64(struct encoder *e, uint64_t n)
{
	encode_put(e, &n, sizeof(n));
}

/* A string and its end, then zeros up to a multiple of 8. */
static void put_string(struct encoder *e, const char *text, size_t max)
{
	static const char zeros[8];
	size_t len = strnlen(text, max - 1);

	encode_put(e, text, len);
	encode_put(e, zeros, 8 - len % 8);
}

void encode_begin(struct encoder *e, uint32_t type, uint16_t misc)
{
	struct perf_event_header h = { .type = type, .misc = misc };

	e->began = e->len;
	encode_put(e, &h, sizeof(h));
}

/* A record that failed or does not fit leaves no trace: readers could not step over it. */
void encode_end(struct encoder *e)
{
	size_t size = e->len - e->began;
	uint16_t short_size = (uint16_t)size;

	if (!e->error && size > PERF_RECORD_MAX_BYTES)
		e->error = -EMSGSIZE;
	if (e->error) {
		e->len = e->began;
		return;
	}
	memcpy(e->bytes + e->began + offsetof(struct perf_event_header, size), &short_size,
	       sizeof(short_size));
}

static void put_stamp(struct encoder *e, const struct stamp *s)
{
	put_u32(e, s->pid);
	put_u32(e, s->tid);
	put_u64(e, s->time_ns);
	put_u32(e, s->cpu);
	put_u32(e, 0);
	put_u64(e, s->id);
}

static void end_stamped(struct encoder *e, const struct stamp *s)
{
	put_stamp(e, s);
	encode_end(e);
}

void encode_comm(struct encoder *e, const struct stamp *s, const char *comm, bool is_exec)
{
	encode_begin(e, PERF_RECORD_COMM, is_exec ? PERF_RECORD_MISC_COMM_EXEC : 0);
	put_u32(e, s->pid);
	put_u32(e, s->tid);
	put_string(e, comm, COMM_BYTES);
	end_stamped(e, s);
}

static void put_task(struct encoder *e, const struct stamp *s, uint32_t ppid, uint32_t ptid)
{
	put_u32(e, s->pid);
	put_u32(e, ppid);
	put_u32(e, s->tid);
	put_u32(e, ptid);
	put_u64(e, s->time_ns);
	end_stamped(e, s);
}

/* perf clones the parent's mappings unless the record says that an exec follows at once. */
void encode_fork(struct encoder *e, const struct stamp *s, uint32_t ppid, uint32_t ptid, bool is_exec)
{
	encode_begin(e, PERF_RECORD_FORK, is_exec ? PERF_RECORD_MISC_COMM_EXEC : 0);
	put_task(e, s, ppid, ptid);
}

void encode_exit(struct encoder *e, const struct stamp *s, uint32_t ppid, uint32_t ptid)
{
	encode_begin(e, PERF_RECORD_EXIT, 0);
	put_task(e, s, ppid, ptid);
}

/* In the place of device and inode. */
static void put_build_id(struct encoder *e, const struct encode_map *map)
{
	uint8_t bytes[24] = {};
	uint32_t len = map->build_id_len < BUILD_ID_BYTES ? map->build_id_len : BUILD_ID_BYTES;

	bytes[0] = (uint8_t)len;
	memcpy(bytes + 4, map->build_id, len);
	encode_put(e, bytes, sizeof(bytes));
}

void encode_mmap2(struct encoder *e, const struct stamp *s, const struct encode_map *map)
{
	uint16_t misc = map->is_kernel ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER;
	static const uint8_t no_inode[24];

	if (map->build_id_len)
		misc |= PERF_RECORD_MISC_MMAP_BUILD_ID;
	encode_begin(e, PERF_RECORD_MMAP2, misc);
	put_u32(e, s->pid);
	put_u32(e, s->tid);
	put_u64(e, map->start);
	put_u64(e, map->len);
	put_u64(e, map->file_offset);
	if (map->build_id_len)
		put_build_id(e, map);
	else
		encode_put(e, no_inode, sizeof(no_inode));
	put_u32(e, 5); /* PROT_READ | PROT_EXEC */
	put_u32(e, 2); /* MAP_PRIVATE */
	put_string(e, map->path, 4096);
	end_stamped(e, s);
}

void encode_lost_samples(struct encoder *e, const struct stamp *s, uint64_t n)
{
	encode_begin(e, PERF_RECORD_LOST_SAMPLES, 0);
	put_u64(e, n);
	end_stamped(e, s);
}

void encode_finished_round(struct encoder *e)
{
	encode_begin(e, PERF_FILE_FINISHED_ROUND, 0);
	encode_end(e);
}

void encode_sample(struct encoder *e, const struct encode_sample *s)
{
	encode_begin(e, PERF_RECORD_SAMPLE, s->misc);
	put_u64(e, s->stamp.id);
	put_u64(e, s->ip);
	put_u32(e, s->stamp.pid);
	put_u32(e, s->stamp.tid);
	put_u64(e, s->stamp.time_ns);
	put_u32(e, s->stamp.cpu);
	put_u32(e, 0);
	if (s->has_period)
		put_u64(e, s->period);
	put_u64(e, s->n_chain);
	encode_put(e, s->chain, (size_t)s->n_chain * sizeof(*s->chain));
	encode_end(e);
}
