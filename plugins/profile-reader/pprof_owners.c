/* SPDX-License-Identifier: Apache-2.0 */
/* Labels have no fixed meaning; these are the keys that writers of CPU profiles agree on. */
#include "pprof_owners.h"

#include <string.h>

#include "common/profile_proto.h"

enum key { KEY_UNKNOWN, KEY_PID, KEY_TID, KEY_COMM, KEY_THREAD_COMM, KEY_CONTAINER, KEY_CPU, KEY_TIME };

struct reading {
	struct pprof_owner owner;
	struct hearth_process process;
	struct hearth_thread thread;
	bool has_comm;
};

static enum key key_of_label(const struct pprof_index *x, uint64_t string)
{
	static const struct {
		const char *name;
		enum key key;
	} keys[] = {
		{ "pid", KEY_PID },
		{ "process_id", KEY_PID },
		{ "tid", KEY_TID },
		{ "thread_id", KEY_TID },
		{ "comm", KEY_COMM },
		{ "thread_comm", KEY_THREAD_COMM },
		{ "thread_name", KEY_THREAD_COMM },
		{ "container_id", KEY_CONTAINER },
		{ "cpu", KEY_CPU },
		{ "timestamp_ns", KEY_TIME },
	};
	size_t len;
	const char *name = pprof_string(x, string, &len);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strlen(keys[i].name) == len && memcmp(keys[i].name, name, len) == 0)
			return keys[i].key;
	return KEY_UNKNOWN;
}

/* Some write numbers as text. */
static uint64_t number_of_label(const struct pprof_index *x, struct protobuf_reader label)
{
	size_t len;
	const char *text = pprof_string(x, pprof_number(label, LABEL_STR), &len);
	uint64_t value = 0;

	for (size_t i = 0; i < len && i < 19 && text[i] >= '0' && text[i] <= '9'; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	return len ? value : pprof_number(label, LABEL_NUM);
}

static uint32_t text_of_label(const struct pprof_index *x, struct protobuf_reader label, struct draft *d)
{
	size_t len;
	const char *text = pprof_string(x, pprof_number(label, LABEL_STR), &len);

	return hearth_flat_string_n(&d->builder, text, len);
}

static void take_label(struct reading *r, const struct pprof_index *x, struct protobuf_reader label,
		       struct draft *d)
{
	uint64_t key = pprof_number(label, LABEL_KEY);

	switch (key_of_label(x, key)) {
	case KEY_PID:
		r->process.pid = (uint32_t)number_of_label(x, label);
		break;
	case KEY_TID:
		r->thread.tid = (uint32_t)number_of_label(x, label);
		break;
	case KEY_COMM:
		r->process.comm = text_of_label(x, label, d);
		r->has_comm = true;
		break;
	case KEY_THREAD_COMM:
		r->thread.comm = text_of_label(x, label, d);
		break;
	case KEY_CONTAINER:
		r->process.container = text_of_label(x, label, d);
		break;
	case KEY_CPU:
		r->owner.cpu = (uint32_t)number_of_label(x, label);
		break;
	case KEY_TIME:
		r->owner.time_ns = number_of_label(x, label);
		break;
	default:
		r->owner.n_unknown++;
		r->owner.unknown_key = key;
	}
}

struct pprof_owner pprof_owner_read(const struct pprof_index *x, struct protobuf_reader sample,
				    struct draft *d, const char *comm)
{
	struct reading r = { .owner.cpu = HEARTH_NO_CPU };
	struct protobuf_field f;

	while (protobuf_next(&sample, &f) == 1)
		if (f.number == SAMPLE_LABEL && f.type == PROTOBUF_BYTES)
			take_label(&r, x, f.bytes, d);
	if (!r.has_comm)
		r.process.comm = hearth_flat_intern_string(&d->builder, comm);
	r.owner.process = hearth_build_process(&d->builder, &r.process);
	r.thread.process = r.owner.process;
	r.owner.thread = hearth_build_thread(&d->builder, &r.thread);
	return r.owner;
}
