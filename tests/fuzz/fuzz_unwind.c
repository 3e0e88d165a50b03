/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded sample and the file that its mappings lead to, all of it made to deceive: a stack has at
 * most as many frames as were asked for, begins where the thread was, and ends for a known reason.
 */
#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unwind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MAX_BYTES (1u << 20)
#define MAX_MAPPINGS 16u
#define N_REGISTERS 24u
#define ALL_REGISTERS ((1ull << N_REGISTERS) - 1)
#define PC 8 /* perf's number of rip */

/* How an input begins; mappings, registers, stack and the file follow. */
struct input_head {
	uint16_t n_mappings, max_frames;
	uint32_t stack_bytes;
	uint64_t stack_address;
};

struct input {
	struct input_head head;
	struct hearth_unwind_mapping mappings[MAX_MAPPINGS];
	uint64_t registers[N_REGISTERS];
	uint8_t *stack;
	const uint8_t *file;
	size_t file_len;
};

static int take(const uint8_t **data, size_t *len, void *to, size_t size)
{
	if (size > *len)
		return -1;
	memcpy(to, *data, size);
	*data += size;
	*len -= size;
	return 0;
}

static int input_read(const uint8_t *data, size_t len, struct input *in)
{
	if (take(&data, &len, &in->head, sizeof(in->head)) < 0)
		return -1;
	in->head.n_mappings %= MAX_MAPPINGS + 1;
	in->head.max_frames = in->head.max_frames % HEARTH_UNWIND_MAX_FRAMES + 1;
	in->head.stack_bytes = in->head.stack_bytes % 4096 & ~7u;
	if (take(&data, &len, in->mappings, in->head.n_mappings * sizeof(in->mappings[0])) < 0 ||
	    take(&data, &len, in->registers, sizeof(in->registers)) < 0 ||
	    in->head.stack_bytes > len)
		return -1;
	in->stack = malloc(in->head.stack_bytes + 1); /* its end is seen by sanitizers */
	if (!in->stack)
		return -1;
	(void)take(&data, &len, in->stack, in->head.stack_bytes);
	in->file = data;
	in->file_len = len;
	return 0;
}

/* Odd handles have a file, others have none; the debug file is the file itself. */
static void give(struct unwinder *u, const struct input *in, uint64_t handle)
{
	struct reader reader;
	struct elf_file f;

	reader_open_memory(&reader, in->file, in->file_len);
	if (handle % 2 && elf_open(&f, &reader) == 0)
		unwinder_add_file(u, handle, &f, &f);
	else
		unwinder_add_file(u, handle, NULL, NULL);
}

static void check(const struct input *in, const struct unwinder *u,
		  const struct hearth_unwinding *stack)
{
	if (stack->n_frames > in->head.max_frames || stack->end > HEARTH_UNWOUND_MEMORY ||
	    unwinder_bytes(u) > MAX_BYTES)
		abort();
	if (stack->n_frames > 0 && (stack->frames[0].address != in->registers[PC] ||
				    stack->frames[0].flags & HEARTH_UNWOUND_IS_RETURN))
		abort();
}

static void walk(struct unwinder *u, const struct input *in)
{
	const struct hearth_unwind_sample sample = {
		.stack_bytes = in->head.stack_bytes,
		.register_mask = ALL_REGISTERS,
		.registers = in->registers,
		.stack_address = in->head.stack_address,
		.stack = in->stack,
	};
	struct hearth_unwinding stack;
	int r = -EAGAIN;

	for (unsigned int round = 0; r == -EAGAIN; round++) {
		if (unwinder_set_space(u, EM_X86_64, in->mappings, in->head.n_mappings) < 0)
			return;
		r = unwinder_walk(u, &sample, in->head.max_frames, round > MAX_MAPPINGS, &stack);
		if (r == -EAGAIN)
			give(u, in, stack.wanted);
	}
	if (r == 0)
		check(in, u, &stack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = {};
	struct unwinder *u;

	if (input_read(data, len, &in) < 0 || unwinder_new(MAX_BYTES, &u) < 0) {
		free(in.stack);
		return 0;
	}
	walk(u, &in);
	walk(u, &in); /* with what was kept */
	unwinder_free(u);
	free(in.stack);
	return 0;
}
