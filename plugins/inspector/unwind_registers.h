/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers as perf samples them and as DWARF numbers them. Numbers: linux
 * arch/{x86,arm64}/include/uapi/asm/perf_regs.h; System V ABI of x86-64, figure 3.36, and "DWARF
 * for the Arm 64-bit Architecture", 4.1.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define UNWIND_MAX_REGISTERS 33u

struct unwind_registers {
	uint64_t values[UNWIND_MAX_REGISTERS]; /* by DWARF's numbers */
	uint64_t known;                        /* bit n: values[n] was sampled */
	uint64_t pc;
};

bool unwind_registers_know(uint32_t machine);

/* False: stack pointer or instruction pointer are missing, or the machine is unknown. */
bool unwind_registers_read(uint32_t machine, uint64_t mask, const uint64_t *values,
			   struct unwind_registers *ret);
