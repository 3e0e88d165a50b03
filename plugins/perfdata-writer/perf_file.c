/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout: header, ids, attributes with room for EVENTS_MAX of each, records, features. Two words
 * make it valid, each written last of what it stands for: data.size and the feature bits.
 */
#include "perf_file.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/perf_format.h"

struct file_attr {
	uint8_t attr[PERF_FILE_ATTR_BYTES];
	struct perf_file_section ids;
};

enum {
	IDS_AT = sizeof(struct perf_file_header),
	ATTRS_AT = IDS_AT + EVENTS_MAX * 8,
	DATA_AT = ATTRS_AT + EVENTS_MAX * sizeof(struct file_attr),
};

_Static_assert(sizeof(struct perf_file_header) == 104 && DATA_AT % 8 == 0, "layout of perf.data");

static int write_at(int fd, const void *data, size_t len, uint64_t at)
{
	const char *p = data;

	while (len) {
		ssize_t n = pwrite(fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int perf_file_begin(struct perf_file *f, int fd)
{
	struct perf_file_header h = {
		.magic = PERF_FILE_MAGIC,
		.size = sizeof(h),
		.attr_size = sizeof(struct file_attr),
		.attrs = { .offset = ATTRS_AT },
		.data = { .offset = DATA_AT },
	};

	*f = (struct perf_file){ .fd = fd };
	return write_at(fd, &h, sizeof(h), 0);
}

int perf_file_set_events(struct perf_file *f, const struct events *events)
{
	uint64_t size = events->n * sizeof(struct file_attr);

	for (uint32_t i = 0; i < events->n; i++) {
		struct file_attr a = { .ids = { IDS_AT + i * 8, 8 } };
		int r = write_at(f->fd, &events->rows[i].id, 8, IDS_AT + i * 8);

		event_write_attr(&events->rows[i], a.attr);
		if (r == 0)
			r = write_at(f->fd, &a, sizeof(a), ATTRS_AT + i * sizeof(a));
		if (r < 0)
			return r;
	}
	return write_at(f->fd, &size, sizeof(size),
			offsetof(struct perf_file_header, attrs) + offsetof(struct perf_file_section, size));
}

int perf_file_put(struct perf_file *f, const void *records, size_t len)
{
	int r = write_at(f->fd, records, len, DATA_AT + f->data_bytes + f->pending_bytes);

	if (r == 0)
		f->pending_bytes += len;
	return r;
}

int perf_file_commit(struct perf_file *f)
{
	uint64_t end = f->data_bytes + f->pending_bytes;
	int r = write_at(f->fd, &end, sizeof(end),
			 offsetof(struct perf_file_header, data) + offsetof(struct perf_file_section, size));

	if (r < 0)
		return r;
	f->data_bytes = end;
	f->pending_bytes = 0;
	return 0;
}

void perf_file_take_back(struct perf_file *f)
{
	f->pending_bytes = 0;
	if (ftruncate(f->fd, (off_t)(DATA_AT + f->data_bytes)) < 0)
		return; /* what lies behind the end that the header names is not read */
}

int perf_file_end(struct perf_file *f, const struct features *features)
{
	struct perf_file_section table[FEATURES_MAX];
	uint64_t bits[4] = {}, at = DATA_AT + f->data_bytes, payload = at + features->n * sizeof(*table);
	int r;

	for (uint32_t i = 0; i < features->n; i++) {
		table[i] = (struct perf_file_section){ payload + features->rows[i].at, features->rows[i].len };
		bits[features->rows[i].id / 64] |= 1ull << features->rows[i].id % 64;
	}
	r = write_at(f->fd, table, features->n * sizeof(*table), at);
	if (r == 0)
		r = write_at(f->fd, features->bytes.bytes, features->bytes.len, payload);
	if (r == 0)
		r = write_at(f->fd, bits, sizeof(bits), offsetof(struct perf_file_header, features));
	if (r == 0 && fdatasync(f->fd) < 0)
		r = -errno;
	return r;
}

void perf_file_close(struct perf_file *f)
{
	closep(&f->fd);
}

uint64_t perf_file_bytes(const struct perf_file *f)
{
	return DATA_AT + f->data_bytes;
}

uint64_t perf_file_recorded_bytes(int fd)
{
	struct perf_file_header h;

	if (pread(fd, &h, sizeof(h), 0) != sizeof(h) || h.magic != PERF_FILE_MAGIC)
		return 0;
	return h.data.size;
}
