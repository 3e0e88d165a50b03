/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A read must not stop the instance's thread: what is not a regular file is asked by poll(2) first.
 * That leaves the flags of a descriptor alone that others may share, as standard input is.
 */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "unpack.h"

enum { PACKED_BYTES = 256 << 10, PEEK_BYTES = 4096 };

struct input {
	int fd;
	bool is_regular, is_over;     /* is_over: read(2) has answered 0 */
	uint64_t size;                /* of a regular file */
	uint64_t at;                  /* where read_raw() goes on in a regular file */
	uint64_t offset;
	struct unpack *unpack;        /* NULL: plain */
	bool is_sniffed;
	uint8_t *packed;              /* what has been read and not been unpacked: [from, to) */
	size_t from, to;
	uint8_t head[PEEK_BYTES];     /* what has been peeked at and not been read: [head_from, head_to) */
	size_t head_from, head_to;
};

int input_open(const char *path, struct input **ret)
{
	struct input *in;
	struct stat st;
	int fd, r;

	/* O_NONBLOCK: a FIFO without a writer is waited for by poll, not here. */
	fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) :
				      open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	in = calloc(1, sizeof(*in));
	if (in)
		in->packed = malloc(PACKED_BYTES);
	r = !in || !in->packed ? -ENOMEM : fstat(fd, &st) < 0 ? -errno : S_ISDIR(st.st_mode) ? -EISDIR : 0;
	if (r < 0) {
		close(fd);
		if (in)
			free(in->packed);
		free(in);
		return r;
	}
	in->fd = fd;
	in->is_regular = S_ISREG(st.st_mode);
	in->size = in->is_regular ? (uint64_t)st.st_size : 0;
	*ret = in;
	return 0;
}

struct input *input_free(struct input *in)
{
	if (!in)
		return NULL;
	close(in->fd);
	unpack_free(in->unpack);
	free(in->packed);
	free(in);
	return NULL;
}

static ssize_t read_raw(struct input *in, void *buf, size_t n)
{
	struct pollfd ready = { .fd = in->fd, .events = POLLIN };
	ssize_t got;

	if (in->is_over)
		return 0;
	if (!in->is_regular && poll(&ready, 1, 0) == 0)
		return -EAGAIN;
	do {
		got = in->is_regular ? pread(in->fd, buf, n, (off_t)in->at) : read(in->fd, buf, n);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	in->at += (uint64_t)got;
	in->is_over = got == 0;
	return got;
}

/* Fills `packed` until it holds n bytes or the input ends. */
static int fill(struct input *in, size_t n)
{
	while (in->to - in->from < n) {
		ssize_t got;

		if (in->from == in->to)
			in->from = in->to = 0;
		if (PACKED_BYTES - in->to < n) {
			memmove(in->packed, in->packed + in->from, in->to - in->from);
			in->to -= in->from;
			in->from = 0;
		}
		got = read_raw(in, in->packed + in->to, PACKED_BYTES - in->to);
		if (got <= 0)
			return (int)got;
		in->to += (size_t)got;
	}
	return 0;
}

/* Looks at the magic number. */
static int sniff(struct input *in)
{
	int r;

	if (in->is_sniffed)
		return 0;
	r = fill(in, UNPACK_MAGIC_BYTES);
	if (r < 0)
		return r;
	r = unpack_new(in->packed + in->from, in->to - in->from, &in->unpack);
	in->is_sniffed = r == 0;
	return r;
}

static ssize_t read_packed(struct input *in, void *buf, size_t n)
{
	size_t used, made = 0;
	int r;

	while (made == 0) {
		r = fill(in, 1);
		if (r < 0)
			return r;
		used = in->to - in->from;
		made = n;
		r = unpack_some(in->unpack, in->packed + in->from, &used, buf, &made);
		in->from += used;
		if (r < 0)
			return r;
		if (made == 0 && in->from == in->to && in->is_over)
			return unpack_is_whole(in->unpack) ? 0 : -EBADMSG;
	}
	return (ssize_t)made;
}

static ssize_t read_plain(struct input *in, void *buf, size_t n)
{
	size_t left = in->to - in->from;

	if (left == 0)
		return read_raw(in, buf, n);
	n = n < left ? n : left;
	memcpy(buf, in->packed + in->from, n);
	in->from += n;
	return (ssize_t)n;
}

static ssize_t read_unpacked(struct input *in, void *buf, size_t n)
{
	int r = sniff(in);

	if (r < 0)
		return r;
	return in->unpack ? read_packed(in, buf, n) : read_plain(in, buf, n);
}

ssize_t input_peek(struct input *in, void *buf, size_t n)
{
	size_t have;

	n = n < PEEK_BYTES ? n : PEEK_BYTES;
	while (in->head_to < n) {
		ssize_t got = read_unpacked(in, in->head + in->head_to, PEEK_BYTES - in->head_to);

		if (got == -EBADMSG && in->head_to)
			break; /* comes again when these bytes have been read */
		if (got < 0)
			return got;
		if (got == 0)
			break;
		in->head_to += (size_t)got;
	}
	have = in->head_to < n ? in->head_to : n;
	memcpy(buf, in->head, have);
	return (ssize_t)have;
}

ssize_t input_read(struct input *in, void *buf, size_t n)
{
	size_t left = in->head_to - in->head_from;
	ssize_t got;

	if (left) {
		got = (ssize_t)(n < left ? n : left);
		memcpy(buf, in->head + in->head_from, (size_t)got);
		in->head_from += (size_t)got;
	} else {
		got = read_unpacked(in, buf, n);
	}
	if (got > 0)
		in->offset += (uint64_t)got;
	return got;
}

uint64_t input_offset(const struct input *in)
{
	return in->offset;
}

const char *input_packing(const struct input *in)
{
	return in->unpack ? unpack_name(in->unpack) : NULL;
}

bool input_is_seekable(const struct input *in, uint64_t *ret_size)
{
	if (!in->is_regular || in->unpack)
		return false;
	*ret_size = in->size;
	return true;
}

ssize_t input_pread(struct input *in, void *buf, size_t n, uint64_t offset)
{
	size_t have = 0;

	if (offset > in->size)
		return 0;
	while (have < n) {
		ssize_t got = pread(in->fd, (uint8_t *)buf + have, n - have, (off_t)(offset + have));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

void input_seek(struct input *in, uint64_t offset)
{
	in->at = in->offset = offset;
	in->from = in->to = in->head_from = in->head_to = 0;
	in->is_over = false;
}

int input_fd(const struct input *in)
{
	return in->fd;
}
