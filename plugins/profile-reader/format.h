/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One kind of file that profile-reader reads. A format is a table of functions; the component in
 * profile-reader.c does the rest: it opens the input, asks each format whether the first bytes are
 * its own, has batches read one by one, waits until the files that their frames lie in have been
 * looked for, and emits.
 *
 * A reader never blocks and holds a bounded amount of memory: read() makes about one batch and
 * returns. When input_read() answers -EAGAIN (a pipe has nothing yet), read() returns -EAGAIN
 * with its state kept, and is called again when there is more.
 *
 * What is read was made by others. A damaged file is worth what can be read of it: the reader
 * emits that, says once through `warnings` where it stopped and why, and ends. Only a file of
 * which nothing can be read is a failure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "draft.h"
#include "input.h"
#include "warnings.h"

/* Samples of one batch: large enough that tables cost little, small enough to fit a queue. */
enum { FORMAT_BATCH_SAMPLES = 65536 };

/* Bytes that recognise() gets, fewer only if the input is shorter. */
enum { FORMAT_HEAD_BYTES = 4096 };

/* What a reader works with; outlives it. */
struct format_context {
	const struct hearth_host *host;
	struct input *input;
	struct recorded_files *files; /* shared by all drafts of the reader */
	struct warnings *warnings;
	const char *event;            /* only this one; NULL: all */
};

struct format {
	const char *name; /* of the option `format` */

	/* True if a file that begins with these bytes is of this format. Unpacked bytes: n >= 1. */
	bool (*recognise)(const uint8_t *head, size_t n);

	/* Makes a reader; reads nothing. 0 or -ENOMEM. */
	int (*open)(const struct format_context *c, void **ret_reader);

	/*
	 * Reads on until there is a batch. 1: *ret is one, whole but for what draft_emit() settles,
	 * borrowed until the next call; with info and n_items set. 0: the end, nothing is left.
	 * -EAGAIN: the input has nothing now. -EINPROGRESS: much was read and none of it is a
	 * sample, call again after other callbacks. -EBUSY: it waits for an answer of the inspector,
	 * call again after the host's wake-up or an answer about files. -EBADMSG: nothing of the
	 * file can be read, for a reason that warnings_fail() was told. Other errors: as errno says.
	 */
	int (*read)(void *reader, struct draft **ret);

	void (*close)(void *reader);
};
