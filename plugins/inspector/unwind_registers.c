/* SPDX-License-Identifier: Apache-2.0 */
/* One table per machine: perf's number is the index, DWARF's the value. */
#include "unwind_registers.h"

#include <elf.h>
#include <stddef.h>

#include "common/cleanup.h"

#define PC 0xfe   /* has a place of its own, and no number */
#define NONE 0xff /* flags, segments: unwinding needs none of them */

static const uint8_t x86_64[] = {
	0, 3, 2, 1, 4, 5, 6, 7, 16, NONE, NONE, NONE, NONE, NONE, NONE, NONE, /* ax … gs */
	8, 9, 10, 11, 12, 13, 14, 15,
};

static const uint8_t aarch64[] = {
	0,  1,	2,  3,	4,  5,	6,  7,	8,  9,	10, 11, 12, 13, 14, 15, 16,
	17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, PC,
};

static const struct {
	const uint8_t *numbers;
	uint32_t n, machine;
	uint8_t stack_pointer, pc;
} machines[] = {
	{ x86_64, sizeof(x86_64), EM_X86_64, 7, 16 }, /* the rules of its PLT read it */
	{ aarch64, sizeof(aarch64), EM_AARCH64, 31, PC },
};

static size_t find(uint32_t machine)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(machines) && machines[i].machine != machine)
		i++;
	return i;
}

bool unwind_registers_know(uint32_t machine)
{
	return find(machine) < ARRAY_SIZE(machines);
}

bool unwind_registers_read(uint32_t machine, uint64_t mask, const uint64_t *values,
			   struct unwind_registers *ret)
{
	struct unwind_registers r = {};
	size_t which = find(machine);
	bool has_pc = false;

	if (which == ARRAY_SIZE(machines))
		return false;
	for (uint32_t i = 0; mask; i++, mask >>= 1) {
		uint8_t number = i < machines[which].n ? machines[which].numbers[i] : NONE;

		if (!(mask & 1))
			continue;
		if (number == machines[which].pc) {
			r.pc = *values;
			has_pc = true;
		}
		if (number < UNWIND_MAX_REGISTERS) {
			r.values[number] = *values;
			r.known |= 1ull << number;
		}
		values++;
	}
	if (!has_pc || !(r.known & 1ull << machines[which].stack_pointer))
		return false;
	*ret = r;
	return true;
}
