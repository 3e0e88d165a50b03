/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One function per kind of rule, in the hand-made files of the fuzz target (tests/fuzz/corpus/unwind,
 * written by unwind_corpus.py, where the stacks are laid out).
 */
#include "test_support.h"

#include "unwind.h"

#define BIAS 0x7f0000000000ull
#define RETURN HEARTH_UNWOUND_IS_RETURN

struct recorded {
	uint16_t n_mappings, max_frames;
	uint32_t stack_bytes;
	uint64_t stack_address;
	struct hearth_unwind_mapping mapping; /* of all files that are used here */
	uint64_t registers[24];
	uint8_t stack_and_file[32768];
};

static size_t recorded_read(const char *name, struct recorded *ret)
{
	char path[4096];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/unwind/%s", getenv("HEARTH_SOURCE_DIR"),
		 name);
	f = fopen(path, "re");
	assert_non_null(f);
	len = fread(ret, 1, sizeof(*ret), f);
	fclose(f);
	assert_true(len > offsetof(struct recorded, stack_and_file) + ret->stack_bytes);
	assert_int_equal(ret->n_mappings, 1);
	return len - offsetof(struct recorded, stack_and_file) - ret->stack_bytes;
}

static void walk(struct unwinder *u, const char *name, struct hearth_unwinding *ret)
{
	struct recorded in;
	size_t file_len = recorded_read(name, &in);
	const struct hearth_unwind_sample sample = {
		.stack_bytes = in.stack_bytes,
		.register_mask = (1u << 24) - 1,
		.registers = in.registers,
		.stack_address = in.stack_address,
		.stack = in.stack_and_file,
	};
	struct reader reader;
	struct elf_file f;

	reader_open_memory(&reader, in.stack_and_file + in.stack_bytes, file_len);
	assert_int_equal(elf_open(&f, &reader), 0);
	assert_int_equal(unwinder_set_space(u, EM_X86_64, &in.mapping, 1), 0);
	assert_int_equal(unwinder_walk(u, &sample, 64, false, ret), -EAGAIN);
	assert_int_equal(ret->wanted, 1);
	unwinder_add_file(u, 1, &f, NULL);
	assert_int_equal(unwinder_set_space(u, EM_X86_64, &in.mapping, 1), 0);
	assert_int_equal(unwinder_walk(u, &sample, 64, false, ret), 0);
}

static void stacks_are_unwound_by_every_kind_of_rule(void **state)
{
	static const struct {
		const char *name;
		uint32_t end, n;
		struct hearth_unwound_frame frames[4];
	} rows[] = {
		/* a push, a signal, a PLT entry, a function that nobody calls */
		{ "every-rule", HEARTH_UNWOUND_WHOLE, 4,
		  { { BIAS + 0x1005 }, { BIAS + 0x1102 }, { BIAS + 0x120c },
		    { BIAS + 0x1301, RETURN, 0 } } },
		{ "memory-in-a-rule", HEARTH_UNWOUND_WHOLE, 3,
		  { { BIAS + 0x1400 }, { BIAS + 0x1005, RETURN, 0 }, { BIAS + 0x1301, RETURN, 0 } } },
		{ "no-sections", HEARTH_UNWOUND_WHOLE, 4,
		  { { BIAS + 0x1005 }, { BIAS + 0x1102 }, { BIAS + 0x120c },
		    { BIAS + 0x1301, RETURN, 0 } } },
		{ "debug-frame", HEARTH_UNWOUND_WHOLE, 4,
		  { { BIAS + 0x1005 }, { BIAS + 0x1102 }, { BIAS + 0x120c },
		    { BIAS + 0x1301, RETURN, 0 } } },
		{ "expression-without-end", HEARTH_UNWOUND_RULES, 1, { { BIAS + 0x1500 } } },
		{ "no-stack", HEARTH_UNWOUND_STACK, 1, { { BIAS + 0x1000 } } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(unwinder_freep) struct unwinder *u = NULL;
		struct hearth_unwinding stack;

		assert_int_equal(unwinder_new(1 << 20, &u), 0);
		walk(u, rows[i].name, &stack);
		assert_int_equal(stack.end, rows[i].end);
		assert_int_equal(stack.n_frames, rows[i].n);
		assert_memory_equal(stack.frames, rows[i].frames, rows[i].n * sizeof(stack.frames[0]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_are_unwound_by_every_kind_of_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
