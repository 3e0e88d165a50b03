/* SPDX-License-Identifier: Apache-2.0 */
/* Layout: the struct, then arrays by falling alignment, then strings. */
#include "helper/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/protocol.h"
#include "helper/record.h"
#include "helper/unwind_wire.h"

static struct helper_answer *answer_alloc(size_t more)
{
	struct helper_answer *a = calloc(1, sizeof(*a) + more);

	if (!a)
		return NULL;
	a->inspected.size = sizeof(a->inspected);
	a->named.size = sizeof(a->named);
	a->unwound.size = sizeof(a->unwound);
	return a;
}

struct helper_answer *answer_new_failure(void)
{
	return answer_alloc(HELPER_MAX_CAUSE);
}

void answer_fail(struct helper_answer *a, int status, const char *cause)
{
	char *text = (char *)(a + 1);

	(void)stpncpy(text, cause, HELPER_MAX_CAUSE - 1);
	a->inspected.status = a->named.status = a->unwound.status = status;
	a->inspected.cause = a->named.cause = a->unwound.cause = text;
}

int answer_new_inspected(const struct hearth_inspected *from, struct helper_answer **ret)
{
	size_t loads_len = from->n_loads * sizeof(struct hearth_elf_load);
	struct helper_answer *a = answer_alloc(loads_len + from->build_id_len);
	struct hearth_elf_load *loads;
	uint8_t *build_id;

	if (!a)
		return -ENOMEM;
	loads = (struct hearth_elf_load *)(void *)(a + 1);
	build_id = (uint8_t *)loads + loads_len;
	if (loads_len > 0)
		memcpy(loads, from->loads, loads_len);
	if (from->build_id_len > 0)
		memcpy(build_id, from->build_id, from->build_id_len);
	a->inspected = *from;
	a->inspected.size = sizeof(a->inspected);
	a->inspected.loads = loads;
	a->inspected.load_stride = sizeof(*loads);
	a->inspected.debug_link = NULL; /* says something to the host only */
	a->inspected.build_id = from->build_id_len ? build_id : NULL;
	*ret = a;
	return 0;
}

int answer_new_named(const uint8_t *records, size_t len, uint32_t n_symbols,
		     struct helper_answer **ret)
{
	struct record_totals totals;
	struct hearth_symbol_line *lines;
	struct hearth_symbol *symbols;
	struct helper_answer *a;
	int r;

	r = records_measure(records, len, &totals);
	if (r < 0)
		return r;
	if (totals.n_records != n_symbols)
		return -EBADMSG;
	a = answer_alloc(n_symbols * sizeof(*symbols) + totals.n_lines * sizeof(*lines) +
			 totals.string_bytes);
	if (!a)
		return -ENOMEM;
	symbols = (struct hearth_symbol *)(void *)(a + 1);
	lines = (struct hearth_symbol_line *)(void *)(symbols + n_symbols);
	records_unpack(records, len, symbols, lines, (char *)(lines + totals.n_lines));
	a->named.symbols = symbols;
	a->named.lines = lines;
	a->named.n_symbols = n_symbols;
	a->named.n_lines = totals.n_lines;
	a->named.symbol_stride = sizeof(*symbols);
	a->named.line_stride = sizeof(*lines);
	*ret = a;
	return 0;
}

void answer_move(struct helper_answer *a, uint64_t by)
{
	struct hearth_symbol_line *lines = (struct hearth_symbol_line *)a->named.lines;

	for (uint32_t i = 0; i < a->named.n_lines; i++)
		lines[i].start += by;
}

int answer_new_unwound(const uint8_t *records, size_t len, uint32_t n_samples,
		       struct helper_answer **ret)
{
	struct hearth_unwound_stack *stacks;
	struct hearth_unwound_frame *frames;
	struct helper_answer *a;
	uint32_t n_frames;
	int r;

	r = unwound_measure(records, len, n_samples, &n_frames);
	if (r < 0)
		return r;
	a = answer_alloc(n_samples * sizeof(*stacks) + n_frames * sizeof(*frames));
	if (!a)
		return -ENOMEM;
	stacks = (struct hearth_unwound_stack *)(void *)(a + 1);
	frames = (struct hearth_unwound_frame *)(void *)(stacks + n_samples);
	unwound_unpack(records, n_samples, stacks, frames);
	a->unwound.stacks = stacks;
	a->unwound.frames = frames;
	a->unwound.n_stacks = n_samples;
	a->unwound.n_frames = n_frames;
	a->unwound.stack_stride = sizeof(*stacks);
	a->unwound.frame_stride = sizeof(*frames);
	*ret = a;
	return 0;
}
