/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples of this very process: registers by getcontext(), a copy of the stack, and the return
 * addresses that libgcc's unwinder finds, which is the oracle: another program than libdw.
 */
#pragma once

#include <elf.h>
#include <execinfo.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <hearth/inspect.h>

#define CAPTURE_MAX_STACK 32768u
#define CAPTURE_MAX_FRAMES 64
#define CAPTURE_MAX_MAPPINGS 256u

#if defined(__x86_64__)
#define CAPTURE_MACHINE EM_X86_64
#else
#define CAPTURE_MACHINE EM_AARCH64
#endif

struct capture {
	uint64_t registers[64];
	uint64_t stack[CAPTURE_MAX_STACK / 8];
	void *callers[CAPTURE_MAX_FRAMES]; /* the first one is in the function that took the sample */
	int n_callers;
	struct hearth_unwind_sample sample;
};

/* By perf's numbers; r: of the place where it was called. */
static inline void capture_registers(const ucontext_t *u, struct capture *c)
{
#if defined(__x86_64__)
	static const int order[] = { REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP,
				     REG_RSP, REG_RIP, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12,
				     REG_R13, REG_R14, REG_R15 };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		c->registers[i] = (uint64_t)u->uc_mcontext.gregs[order[i]];
	c->sample.register_mask = 0x1ff | 0xffull << 16;
	c->sample.stack_address = (uint64_t)u->uc_mcontext.gregs[REG_RSP];
#else
	memcpy(c->registers, u->uc_mcontext.regs, 31 * sizeof(uint64_t));
	c->registers[31] = u->uc_mcontext.sp;
	c->registers[32] = u->uc_mcontext.pc;
	c->sample.register_mask = (1ull << 33) - 1;
	c->sample.stack_address = u->uc_mcontext.sp;
#endif
	c->sample.registers = c->registers;
}

/* Word by word, past what a sanitizer put between variables. */
__attribute__((no_sanitize("address"))) static inline void capture_stack(struct capture *c,
									 uint64_t end)
{
	const volatile uint64_t *from =
		(const volatile uint64_t *)(uintptr_t)c->sample.stack_address;
	size_t n = 0;

	while (n < CAPTURE_MAX_STACK / 8 && (uint64_t)(uintptr_t)(from + n) < end) {
		c->stack[n] = from[n];
		n++;
	}
	c->sample.stack = (const uint8_t *)c->stack;
	c->sample.stack_bytes = (uint32_t)(n * 8);
}

/* Where the main thread's stack ends. */
static inline uint64_t capture_stack_end(void)
{
	extern void *__libc_stack_end;

	return ((uint64_t)(uintptr_t)__libc_stack_end + 4096) & ~(uint64_t)4095;
}

/* A sanitizer puts a function in the place of backtrace(), whose frame comes first then. */
static inline void capture_callers(struct capture *c, const void *caller)
{
	void *found[CAPTURE_MAX_FRAMES];
	int n = backtrace(found, CAPTURE_MAX_FRAMES), first = 0;

	while (first < n && found[first] != caller)
		first++;
	c->n_callers = 0;
	for (int i = first > 0 ? first - 1 : 0; i < n; i++)
		c->callers[c->n_callers++] = found[i];
}

__attribute__((noinline)) static void capture_here(struct capture *c)
{
	ucontext_t u;

	getcontext(&u);
	capture_registers(&u, c);
	capture_stack(c, capture_stack_end());
	capture_callers(c, __builtin_return_address(0));
}

/* Executable segments of everything that is loaded; files by number. */
struct capture_space {
	struct hearth_unwind_mapping mappings[CAPTURE_MAX_MAPPINGS];
	const char *paths[CAPTURE_MAX_MAPPINGS]; /* of the file of each */
	uint32_t n;
};

static inline int capture_object(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct capture_space *s = ctx;
	const char *path = info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe";

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uint64_t start = (info->dlpi_addr + p->p_vaddr) & ~4095ull;

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X) || path[0] != '/' ||
		    s->n == CAPTURE_MAX_MAPPINGS)
			continue;
		s->paths[s->n] = path;
		s->mappings[s->n++] = (struct hearth_unwind_mapping){
			.start = start,
			.end = (info->dlpi_addr + p->p_vaddr + p->p_memsz + 4095) & ~4095ull,
			.offset = p->p_offset & ~4095ull,
		};
	}
	return 0;
}

static inline int capture_compare(const void *a, const void *b)
{
	const struct hearth_unwind_mapping *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Handles are left to the caller: mapping i is of paths[i], until they are sorted. */
static inline void capture_space_read(struct capture_space *s)
{
	s->n = 0;
	dl_iterate_phdr(capture_object, s);
}

static inline void capture_space_sort(struct capture_space *s)
{
	qsort(s->mappings, s->n, sizeof(s->mappings[0]), capture_compare);
}
