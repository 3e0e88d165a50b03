/* SPDX-License-Identifier: Apache-2.0 */
/* hearth.inspect/1 for tests: keeps what it is asked, and answers when the test says so. */
#pragma once

#include <hearth/inspect.h>

#include "common/cleanup.h"

enum { FAKE_MAX_REQUESTS = 64, FAKE_KERNEL = 0 };

struct fake_request {
	uint64_t handle; /* FAKE_KERNEL for kernel() */
	uint64_t *addresses;
	uint32_t n;
	hearth_named_fn fn;
	void *ctx;
};

/* One at a time; the vtable has no room for a context. */
struct fake_inspect {
	struct fake_request requests[FAKE_MAX_REQUESTS];
	uint32_t n;
	int32_t refuse; /* -errno of every call, or 0 */
};

static struct fake_inspect fake;

static inline int32_t fake_ask(uint64_t handle, const uint64_t *addresses, uint32_t n,
			       hearth_named_fn fn, void *ctx)
{
	struct fake_request *q = &fake.requests[fake.n];

	if (fake.refuse)
		return fake.refuse;
	if (fake.n == FAKE_MAX_REQUESTS || n > 4096)
		abort();
	*q = (struct fake_request){ handle, calloc(n, sizeof(*addresses)), n, fn, ctx };
	memcpy(q->addresses, addresses, n * sizeof(*addresses));
	fake.n++;
	return 0;
}

static inline int32_t fake_names(const struct hearth_host *h, uint64_t handle,
				 const uint64_t *addresses, uint32_t n, hearth_named_fn fn, void *ctx)
{
	(void)h;
	return fake_ask(handle, addresses, n, fn, ctx);
}

static inline int32_t fake_kernel(const struct hearth_host *h, const uint64_t *addresses, uint32_t n,
				  hearth_named_fn fn, void *ctx)
{
	(void)h;
	return fake_ask(FAKE_KERNEL, addresses, n, fn, ctx);
}

static const struct hearth_inspect fake_service = {
	.size = sizeof(fake_service),
	.names = fake_names,
	.kernel = fake_kernel,
};

/*
 * Answers request i: odd addresses have no symbol, address A is "f_A"; addresses from 0x1000 on
 * are inlined ("inner_A" in "f_A"), "f_40" is "_Z4f_40v" to the linker; those of
 * the kernel from 0x2000 on belong to module "ext4".
 */
static inline void fake_answer(uint32_t i)
{
	struct fake_request *q = &fake.requests[i];
	struct hearth_symbol *symbols = calloc(q->n, sizeof(*symbols));
	struct hearth_symbol_line *lines = calloc(q->n * (size_t)2, sizeof(*lines));
	char (*names)[32] = calloc(q->n * (size_t)2, sizeof(*names));
	struct hearth_named a = { .size = sizeof(a), .symbol_stride = sizeof(*symbols),
				  .line_stride = sizeof(*lines) };

	for (uint32_t k = 0; k < q->n; k++) {
		uint64_t address = q->addresses[k];
		uint32_t inner = address >= 0x1000 && q->handle != FAKE_KERNEL ? 2 : 1;

		symbols[k].first_line = a.n_lines;
		if (address & 1) {
			symbols[k].cause = "no symbol covers it";
			continue;
		}
		for (; inner > 0; inner--) {
			snprintf(names[a.n_lines], sizeof(*names), "%s_%llx",
				 inner == 2 ? "inner" : "f", (unsigned long long)address);
			lines[a.n_lines].function = address == 0x40 ? "_Z4f_40v" : names[a.n_lines];
			lines[a.n_lines].name = address == 0x40 ? names[a.n_lines] : NULL;
			lines[a.n_lines].file = "file.c";
			lines[a.n_lines++].line = 12;
			symbols[k].n_lines++;
		}
		if (q->handle == FAKE_KERNEL && address >= 0x2000)
			symbols[k].module = "ext4";
	}
	a.symbols = symbols;
	a.n_symbols = q->n;
	a.lines = lines;
	q->fn(q->ctx, &a);
	q->fn = NULL;
	free(symbols);
	free(lines);
	free(names);
}

static inline void fake_fail(uint32_t i, const char *cause)
{
	struct fake_request *q = &fake.requests[i];
	struct hearth_named a = { .size = sizeof(a), .status = -EIO, .cause = cause };

	q->fn(q->ctx, &a);
	q->fn = NULL;
}

static inline void fake_answer_all(void)
{
	for (uint32_t i = 0; i < fake.n; i++)
		if (fake.requests[i].fn)
			fake_answer(i);
}

static inline void fake_reset(void)
{
	for (uint32_t i = 0; i < fake.n; i++)
		free(fake.requests[i].addresses);
	fake = (struct fake_inspect){ .n = 0 };
}
