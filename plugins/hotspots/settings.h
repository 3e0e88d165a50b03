/* SPDX-License-Identifier: Apache-2.0 */
/* What a report is to show: the options, read once. [instance thread] */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <hearth/plugin.h>

/* What rows are told apart by. */
enum sort_key { SORT_COMM, SORT_PID, SORT_TID, SORT_CPU, SORT_DSO, SORT_SYMBOL, N_SORT_KEYS };

struct settings {
	enum sort_key sort[N_SORT_KEYS]; /* in the order of the columns */
	uint32_t n_sort;
	bool has_key[N_SORT_KEYS];
	bool has_children, has_inlined, has_counts, has_callers, has_callees;
	uint64_t percent_limit;       /* of the event's period, in millionths */
	uint64_t graph_limit;         /* the same for entries of a call graph */
	uint64_t limit;               /* rows of an event; 0: all */
	uint64_t max_memory;          /* bytes */
	const char *title;            /* what was recorded; NULL: not known */
	const char *const *symbols, *const *events; /* only these; none: all */
	size_t n_symbols, n_events;
};

/* The options of the component that settings_read() reads. */
#define SETTINGS_SORT_DEFAULT "comm,dso,symbol"

/* 0, or -EINVAL after a refusal. Borrows strings from the host. */
int settings_read(const struct hearth_host *h, struct settings *ret);

const char *sort_key_name(enum sort_key key); /* as `sort` spells it */
bool sort_key_parse(const char *text, enum sort_key *ret);

/* True if `name` is in the list, or the list is empty. */
bool settings_wants(const char *const *list, size_t n, const char *name);
