/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process may map hundreds of files, of which a stack visits a few: so no file comes with the
 * samples. Those that are missing are gathered over all samples and asked for together; the host then
 * hands them over and sends the same samples again.
 */
#include "helper/inspector_unwind.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "helper/outbox.h"
#include "helper/unwind_wire.h"
#include "util/cleanup.h"
#include "util/fail.h"

struct wanted {
	uint64_t handles[HELPER_MAX_WANTED];
	uint32_t n;
};

static void want(struct wanted *w, uint64_t handle)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (w->handles[i] == handle)
			return;
	w->handles[w->n++] = handle;
}

static int stack_write(struct outbox *o, const struct hearth_unwinding *stack)
{
	struct unwind_stack_head head = { .n_frames = stack->n_frames, .end = stack->end };
	int r;

	r = outbox_bytes(o, &head, sizeof(head));
	return r < 0 ? r
		     : outbox_bytes(o, stack->frames, stack->n_frames * sizeof(*stack->frames));
}

/* One sample; frames are not written any more once a file is wanted: the host would drop them. */
static int walk(struct hearth_inspector *inspector, const struct hearth_unwind_sample *sample,
		uint32_t max_frames, bool is_final, struct wanted *w, struct outbox *o,
		const char **ret_cause)
{
	struct hearth_unwinding stack = { .size = sizeof(stack) };
	int r;

	r = inspector->unwind(inspector, sample, max_frames, is_final, &stack, ret_cause);
	if (r == -EAGAIN) {
		want(w, stack.wanted);
		return 0;
	}
	if (r < 0)
		return r;
	return w->n > 0 ? 0 : stack_write(o, &stack);
}

static int walk_all(struct hearth_inspector *inspector, struct unwind_reading *in, bool is_final,
		    struct wanted *w, struct outbox *o, const char **ret_cause)
{
	struct hearth_unwind_sample sample;
	uint32_t space = UINT32_MAX;
	int r = 0;

	for (uint32_t i = 0; i < in->head.n_samples && r == 0 && w->n < HELPER_MAX_WANTED; i++) {
		unwind_reading_sample(in, i, &sample);
		if (sample.space != space) {
			uint32_t n;
			const struct hearth_unwind_mapping *m =
				unwind_reading_space(in, sample.space, &n);

			r = inspector->unwind_space(inspector, in->head.machine, m, n, ret_cause);
			space = sample.space;
		}
		if (r == 0)
			r = walk(inspector, &sample, in->head.max_frames, is_final, w, o, ret_cause);
	}
	return r;
}

static int request_load(int fd, void **ret, size_t *ret_len)
{
	_cleanup_free_ uint8_t *data = NULL;
	size_t len, done = 0;
	struct stat st;

	/* Not fstat(): where glibc makes newfstatat of it, the seal kills. */
	if (syscall(SYS_fstat, fd, &st) < 0 || st.st_size <= 0 ||
	    st.st_size > HEARTH_UNWIND_MAX_BYTES)
		return -EBADMSG;
	len = (size_t)st.st_size;
	data = malloc(len);
	if (!data)
		return -ENOMEM;
	while (done < len) {
		ssize_t n = pread(fd, data + done, len - done, (off_t)done);

		if (n <= 0)
			return -EBADMSG;
		done += (size_t)n;
	}
	*ret = TAKE_PTR(data);
	*ret_len = len;
	return 0;
}

static int wanted_send(const struct wanted *w, const struct message *m)
{
	struct message_header header = {
		.type = m->header.type,
		.flags = MESSAGE_LAST | MESSAGE_WANTS_FILES,
		.id = m->header.id,
		.n = w->n,
	};

	return message_send(HELPER_SOCKET, &header, w->handles, w->n * sizeof(w->handles[0]), NULL,
			    0, 0);
}

int inspector_unwind(struct hearth_inspector *inspector, const struct message *m)
{
	static struct outbox outbox;
	static struct wanted wanted;
	_cleanup_free_ void *data = NULL;
	const char *cause = "cannot be unwound";
	struct unwind_reading in;
	size_t len;
	int r;

	(void)fail_point("unwinder.answer");
	r = request_load(m->fds[0], &data, &len);
	if (r == 0)
		r = unwind_reading_open(data, len, &in);
	if (r == -ENOMEM)
		return message_send_failure(HELPER_SOCKET, &m->header, r, "not enough memory");
	if (r < 0)
		return r;
	wanted.n = 0;
	outbox_begin(&outbox, &m->header);
	r = walk_all(inspector, &in, m->header.flags & MESSAGE_IS_FINAL, &wanted, &outbox, &cause);
	if (r < 0)
		return message_send_failure(HELPER_SOCKET, &m->header, r, cause);
	return wanted.n > 0 ? wanted_send(&wanted, m) : outbox_send(&outbox, MESSAGE_LAST);
}

int inspector_unwind_file(struct hearth_inspector *inspector, const struct message *m)
{
	struct message_header header = {
		.type = m->header.type,
		.flags = MESSAGE_LAST,
		.id = m->header.id,
	};
	struct hearth_symbol_fds fds = {
		.size = sizeof(fds),
		.mapped = m->fds[0],
		.debug = m->fds[1],
		.table = -1,
	};

	if (m->len != sizeof(uint64_t))
		return -EBADMSG;
	inspector->unwind_file(inspector, *(const uint64_t *)(const void *)m->payload,
			       m->fds[0] >= 0 ? &fds : NULL);
	return message_send(HELPER_SOCKET, &header, NULL, 0, NULL, 0, 0);
}
