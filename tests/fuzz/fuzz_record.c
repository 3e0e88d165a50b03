/* SPDX-License-Identifier: Apache-2.0 */
/* What an inspector that was taken over may send as names: the host refuses it or can read it all. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "helper/answer.h"
#include "helper/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static size_t length_of(const char *s)
{
	return s ? strlen(s) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct record_totals totals;
	struct helper_answer *a;
	size_t read = 0;

	if (records_measure(data, len, &totals) < 0)
		return 0;
	if (answer_new_named(data, len, totals.n_records, &a) < 0)
		abort();
	for (uint32_t i = 0; i < a->named.n_symbols; i++) {
		const struct hearth_symbol *s = &a->named.symbols[i];

		read += length_of(s->module) + length_of(s->cause);
		if (s->first_line + s->n_lines > a->named.n_lines)
			abort();
	}
	for (uint32_t i = 0; i < a->named.n_lines; i++)
		read += strlen(a->named.lines[i].function) + length_of(a->named.lines[i].file) +
			length_of(a->named.lines[i].name);
	if (read > len)
		abort();
	free(a);
	return 0;
}
