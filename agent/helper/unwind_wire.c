/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request is written by the host and checked against its contract; the answer by a process that
 * reads hostile files, so nothing in it is trusted.
 */
#include "helper/unwind_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/cleanup.h"
#include "util/file.h"

/* ---- writing a request ---- */

/* A row of the caller, who may have been built with a shorter or longer struct. */
static void row_get(const void *rows, uint32_t stride, uint32_t index, void *ret, size_t size)
{
	memset(ret, 0, size);
	memcpy(ret, (const char *)rows + (size_t)index * stride, stride < size ? stride : size);
}

static int spaces_append(const struct hearth_unwind_request *q, struct buf *b)
{
	struct hearth_unwind_space space;

	for (uint32_t i = 0; i < q->n_spaces; i++) {
		struct unwind_space_head head = {};

		row_get(q->spaces, q->space_stride, i, &space, sizeof(space));
		head.n_mappings = space.n_mappings;
		(void)buf_append(b, &head, sizeof(head));
	}
	for (uint32_t i = 0; i < q->n_spaces && b->len <= HEARTH_UNWIND_MAX_BYTES; i++) {
		row_get(q->spaces, q->space_stride, i, &space, sizeof(space));
		for (uint32_t k = 0; k < space.n_mappings && b->len <= HEARTH_UNWIND_MAX_BYTES; k++) {
			struct hearth_unwind_mapping m;

			row_get(space.mappings, space.mapping_stride, k, &m, sizeof(m));
			(void)buf_append(b, &m, sizeof(m));
		}
	}
	return b->len <= HEARTH_UNWIND_MAX_BYTES ? b->error : -EINVAL;
}

static bool sample_is_good(const struct hearth_unwind_request *q,
			   const struct hearth_unwind_sample *s)
{
	return s->space < q->n_spaces && s->stack_bytes <= HEARTH_UNWIND_MAX_STACK &&
	       s->stack_bytes % 8 == 0;
}

/* All but the stacks, which iov gets. */
static int samples_append(const struct hearth_unwind_request *q, struct buf *b, struct iovec *iov,
			  size_t *ret_stack_bytes)
{
	struct hearth_unwind_sample s;
	size_t bytes = 0;

	for (uint32_t i = 0; i < q->n_samples; i++) {
		struct unwind_sample_head head;

		row_get(q->samples, q->sample_stride, i, &s, sizeof(s));
		if (!sample_is_good(q, &s))
			return -EINVAL;
		head = (struct unwind_sample_head){
			.space = s.space,
			.stack_bytes = s.stack_bytes,
			.register_mask = s.register_mask,
			.stack_address = s.stack_address,
		};
		(void)buf_append(b, &head, sizeof(head));
		iov[i] = (struct iovec){ (void *)s.stack, s.stack_bytes };
		bytes += s.stack_bytes;
	}
	for (uint32_t i = 0; i < q->n_samples; i++) {
		row_get(q->samples, q->sample_stride, i, &s, sizeof(s));
		(void)buf_append(b, s.registers,
				 (size_t)__builtin_popcountll(s.register_mask) * sizeof(*s.registers));
	}
	*ret_stack_bytes = bytes;
	return b->error;
}

static int write_all(int fd, struct iovec *iov, size_t n)
{
	while (n > 0) {
		ssize_t done = writev(fd, iov, n < IOV_MAX ? (int)n : IOV_MAX);

		if (done < 0 && errno != EINTR)
			return -errno;
		for (; n > 0 && (size_t)(done < 0 ? 0 : done) >= iov->iov_len; iov++, n--)
			done -= (ssize_t)iov->iov_len;
		if (n > 0 && done > 0) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	return 0;
}

static int memfd_fill(struct iovec *iov, size_t n)
{
	_cleanup_close_ int fd = memfd_create("hearth-unwind", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, iov, n);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static bool request_is_good(const struct hearth_unwind_request *q)
{
	return HEARTH_HAS(q, max_frames) && q->n_samples > 0 &&
	       q->n_samples <= HEARTH_UNWIND_MAX_SAMPLES && q->n_spaces > 0 &&
	       q->n_spaces <= q->n_samples && q->max_frames <= HEARTH_UNWIND_MAX_FRAMES;
}

int unwind_request_write(const struct hearth_unwind_request *request, int *ret_fd, size_t *ret_bytes)
{
	struct iovec iov[HEARTH_UNWIND_MAX_SAMPLES + 1];
	_cleanup_(buf_done) struct buf b = {};
	size_t stack_bytes = 0;
	int r;

	if (!request_is_good(request))
		return -EINVAL;
	(void)buf_append(&b, &(struct unwind_head){
		.machine = request->machine,
		.n_spaces = request->n_spaces,
		.n_samples = request->n_samples,
		.max_frames = request->max_frames ? request->max_frames : HEARTH_UNWIND_MAX_FRAMES,
	}, sizeof(struct unwind_head));
	r = spaces_append(request, &b);
	if (r == 0)
		r = samples_append(request, &b, iov + 1, &stack_bytes);
	if (r < 0)
		return r;
	if (b.len + stack_bytes > HEARTH_UNWIND_MAX_BYTES)
		return -EINVAL;
	iov[0] = (struct iovec){ b.data, b.len };
	r = memfd_fill(iov, (size_t)request->n_samples + 1);
	if (r < 0)
		return r;

	*ret_fd = r;
	*ret_bytes = b.len + stack_bytes;
	return 0;
}

/* ---- reading it ---- */

/* size × n bytes from *at on, or NULL. */
static const void *take(const uint8_t **at, const uint8_t *end, size_t size, size_t n)
{
	const uint8_t *from = *at;

	if (n > (size_t)(end - from) / size)
		return NULL;
	*at += size * n;
	return from;
}

static int registers_and_stacks_find(struct unwind_reading *r, const uint8_t *at)
{
	size_t n_registers = 0, stack_bytes = 0;

	for (uint32_t i = 0; i < r->head.n_samples; i++) {
		if (r->samples[i].space >= r->head.n_spaces || r->samples[i].stack_bytes % 8)
			return -EBADMSG;
		n_registers += (size_t)__builtin_popcountll(r->samples[i].register_mask);
		stack_bytes += r->samples[i].stack_bytes;
	}
	r->registers = take(&at, r->end, sizeof(*r->registers), n_registers);
	r->stack = at;
	return r->registers && stack_bytes == (size_t)(r->end - at) ? 0 : -EBADMSG;
}

int unwind_reading_open(const void *data, size_t len, struct unwind_reading *ret)
{
	const uint8_t *at = data;
	struct unwind_reading r = { .end = at + len };
	const struct unwind_head *head = take(&at, r.end, sizeof(*head), 1);
	size_t n = 0;
	int k;

	if (!head || head->n_samples > HEARTH_UNWIND_MAX_SAMPLES ||
	    head->max_frames > HEARTH_UNWIND_MAX_FRAMES)
		return -EBADMSG;
	r.head = *head;
	r.spaces = take(&at, r.end, sizeof(*r.spaces), r.head.n_spaces);
	for (uint32_t i = 0; r.spaces && i < r.head.n_spaces; i++)
		n += r.spaces[i].n_mappings;
	if (!r.spaces)
		return -EBADMSG;
	r.mappings = take(&at, r.end, sizeof(*r.mappings), n);
	r.samples = r.mappings ? take(&at, r.end, sizeof(*r.samples), r.head.n_samples) : NULL;
	if (!r.samples)
		return -EBADMSG;
	k = registers_and_stacks_find(&r, at);
	if (k < 0)
		return k;

	*ret = r;
	return 0;
}

const struct hearth_unwind_mapping *unwind_reading_space(const struct unwind_reading *r,
							 uint32_t index, uint32_t *ret_n)
{
	const struct hearth_unwind_mapping *m = r->mappings;

	for (uint32_t i = 0; i < index; i++)
		m += r->spaces[i].n_mappings;
	*ret_n = r->spaces[index].n_mappings;
	return m;
}

void unwind_reading_sample(struct unwind_reading *r, uint32_t index,
			   struct hearth_unwind_sample *ret)
{
	const struct unwind_sample_head *head = &r->samples[index];

	*ret = (struct hearth_unwind_sample){
		.space = head->space,
		.stack_bytes = head->stack_bytes,
		.register_mask = head->register_mask,
		.registers = r->registers,
		.stack_address = head->stack_address,
		.stack = r->stack,
	};
	r->registers += __builtin_popcountll(head->register_mask);
	r->stack += head->stack_bytes;
}

/* ---- the answer ---- */

int unwound_measure(const uint8_t *data, size_t len, uint32_t n_samples, uint32_t *ret_n_frames)
{
	const uint8_t *end = data + len;
	uint32_t n_frames = 0;

	for (uint32_t i = 0; i < n_samples; i++) {
		const uint8_t *from = take(&data, end, sizeof(struct unwind_stack_head), 1);
		struct unwind_stack_head head;

		if (!from)
			return -EBADMSG;
		memcpy(&head, from, sizeof(head));
		if (head.n_frames > HEARTH_UNWIND_MAX_FRAMES ||
		    !take(&data, end, sizeof(struct hearth_unwound_frame), head.n_frames))
			return -EBADMSG;
		n_frames += head.n_frames;
	}
	if (data != end)
		return -EBADMSG;

	*ret_n_frames = n_frames;
	return 0;
}

static const char *cause_of(uint32_t end)
{
	static const char *const causes[] = {
		[HEARTH_UNWOUND_WHOLE] = NULL,
		[HEARTH_UNWOUND_STACK] = "the stack is longer than what was sampled of it",
		[HEARTH_UNWOUND_RULES] = "no unwinding rules cover its code",
		[HEARTH_UNWOUND_MAPPING] = "its code is in no file, and keeps no frame pointer",
		[HEARTH_UNWOUND_FILE] = "the file of its code has no unwinding rules or cannot be read",
		[HEARTH_UNWOUND_DEPTH] = "deeper than what was asked for",
		[HEARTH_UNWOUND_REGISTERS] = "no stack pointer or instruction pointer was sampled",
		[HEARTH_UNWOUND_MEMORY] = "not enough memory to unwind it",
	};

	return end < ARRAY_SIZE(causes) ? causes[end] : "cannot be unwound";
}

void unwound_unpack(const uint8_t *data, uint32_t n_samples, struct hearth_unwound_stack *stacks,
		    struct hearth_unwound_frame *frames)
{
	uint32_t first = 0;

	for (uint32_t i = 0; i < n_samples; i++) {
		struct unwind_stack_head head;

		memcpy(&head, data, sizeof(head));
		data += sizeof(head);
		stacks[i] = (struct hearth_unwound_stack){
			.first_frame = first,
			.n_frames = head.n_frames,
			.end = head.end,
			.cause = cause_of(head.end),
		};
		if (head.n_frames > 0)
			memcpy(frames + first, data, head.n_frames * sizeof(*frames));
		data += head.n_frames * sizeof(*frames);
		first += head.n_frames;
	}
}
