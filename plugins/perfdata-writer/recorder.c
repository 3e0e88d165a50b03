/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perf sorts records by time and sees a mapping only from its time on. A process is introduced at
 * the moment of its first sample, and with it the mappings that are older than that, so that
 * whoever had the pid or the addresses before keeps them up to there.
 */
#include "recorder.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

enum { KERNEL_PID = -1, BUILD_IDS = 2, MAX_CHAIN = 8000 };

struct build_id_row {
	uint32_t path, len, is_kernel;
	uint8_t id[FEATURE_BUILD_ID_BYTES];
};

void recorder_init(struct recorder *r, const struct kernel_map *kernel)
{
	memset(r, 0, sizeof(*r));
	roster_init(&r->roster);
	chains_init(&r->chains);
	hearth_flat_init(&r->build_ids);
	r->kernel = kernel;
	r->buffer_bytes = SIZE_MAX;
}

void recorder_done(struct recorder *r)
{
	roster_done(&r->roster);
	chains_done(&r->chains);
	encoder_done(&r->out);
	hearth_flat_done(&r->build_ids);
	order_done(&r->order);
	memset(r, 0, sizeof(*r));
}

/* ---- mappings ---- */

static void remember_build_id(struct recorder *r, const struct encode_map *m)
{
	struct build_id_row row = {
		.path = hearth_flat_intern_string(&r->build_ids, m->path), .len = m->build_id_len,
		.is_kernel = m->is_kernel,
	};
	size_t len = m->build_id_len < sizeof(row.id) ? m->build_id_len : sizeof(row.id);

	if (!len)
		return;
	memcpy(row.id, m->build_id, len);
	(void)hearth_flat_intern(&r->build_ids, BUILD_IDS, &row, sizeof(row));
}

static void put_kernel(struct recorder *r)
{
	const struct stamp stamp = { .pid = (uint32_t)KERNEL_PID };
	const struct kernel_map *k = r->kernel;
	struct encode_map map = {
		.start = k->start, .len = k->len, .file_offset = k->start, .path = PERF_KERNEL_MAP_NAME,
		.build_id = k->build_id, .build_id_len = k->build_id_len, .is_kernel = true,
	};

	encode_mmap2(&r->out, &stamp, &map);
	map.path = "[kernel.kallsyms]";
	remember_build_id(r, &map);
	for (size_t i = 0; i < k->n_modules; i++) {
		const struct kernel_module *m = &k->modules[i];

		encode_mmap2(&r->out, &stamp, &(struct encode_map){
			.start = m->start, .len = m->len, .path = m->name, .is_kernel = true });
	}
}

/* Generated code has the name under which perf looks into /tmp/perf-PID.map. */
static const char *map_path(const char *path)
{
	return !path[0] || strcmp(path, "[jit]") == 0 ? "//anon" : path;
}

static void put_mapping(struct recorder *r, const struct hearth_flat *batch,
			const struct hearth_mapping *m, const struct stamp *stamp,
			const struct roster_process *process)
{
	struct hearth_binary b = hearth_profile_binary(batch, m->binary);
	struct encode_map map = {
		.start = m->start, .len = m->end - m->start, .file_offset = m->file_offset,
		.path = map_path(hearth_flat_string(batch, b.path)),
		.build_id = b.build_id, .build_id_len = b.build_id_len,
	};
	struct stamp again = *stamp;

	if (!roster_meet_mapping(&r->roster, process->identity, m->start, m->end, m->file_offset,
				 map.path, stamp->time_ns))
		return;
	encode_mmap2(&r->out, stamp, &map);
	again.time_ns = process->last_ns;
	if (again.time_ns > stamp->time_ns) /* there perf begins the process anew */
		encode_mmap2(&r->out, &again, &map);
	remember_build_id(r, &map);
}

/* ---- processes ---- */

/* The process is introduced at its first sample of the batch, if the file does not know it. */
static struct roster_process put_process(struct recorder *r, const struct hearth_flat *batch,
					 uint32_t process, uint64_t id)
{
	struct hearth_process p = hearth_profile_process(batch, process);
	const char *comm = hearth_flat_string(batch, p.comm);
	struct stamp stamp = {
		.pid = p.pid, .tid = p.pid, .time_ns = r->order.first_sample_ns[process], .id = id,
	};
	struct roster_process who = roster_meet(&r->roster, p.pid, p.exec_generation, p.start_time,
						stamp.time_ns);

	if (!who.is_new)
		return who;
	(void)roster_meet_thread(&r->roster, who.identity, p.pid, comm, stamp.time_ns);
	encode_fork(&r->out, &stamp, p.parent_pid, p.parent_pid, true);
	encode_comm(&r->out, &stamp, comm, true);
	return who;
}

static void put_thread(struct recorder *r, const struct stamp *stamp, uint32_t identity, const char *comm)
{
	struct roster_thread news = roster_meet_thread(&r->roster, identity, stamp->tid, comm,
						       stamp->time_ns);

	if (news.is_new && stamp->tid != stamp->pid)
		encode_fork(&r->out, stamp, stamp->pid, stamp->pid, false);
	if (news.is_renamed)
		encode_comm(&r->out, stamp, comm, false);
}

/* ---- items ---- */

static void put_mapping_item(struct recorder *r, const struct hearth_flat *batch, uint32_t index,
			     uint64_t id, uint64_t time_ns)
{
	struct hearth_mapping m = hearth_profile_mapping(batch, index);
	struct stamp stamp = {
		.pid = hearth_profile_process(batch, m.process).pid, .time_ns = time_ns, .id = id,
	};
	struct roster_process who = put_process(r, batch, m.process, id);

	stamp.tid = stamp.pid;
	put_mapping(r, batch, &m, &stamp, &who);
}

static int put_sample(struct recorder *r, const struct hearth_flat *batch,
		      const struct item *item, const struct event *event)
{
	struct hearth_sample s = hearth_profile_sample(batch, item->index);
	struct hearth_thread t = hearth_profile_thread(batch, s.thread);
	uint32_t pid = hearth_profile_process(batch, t.process).pid;
	struct encode_sample sample = {
		.stamp = { pid, t.tid, s.cpu == HEARTH_NO_CPU ? 0 : s.cpu, s.time_ns, event->id },
		.has_period = event->has_period,
		.period = item->period,
	};
	struct roster_process who;
	struct chain chain;
	int q = chains_of(&r->chains, &s, t.process, &chain);

	if (q < 0)
		return q;
	who = put_process(r, batch, t.process, event->id);
	put_thread(r, &sample.stamp, who.identity, hearth_flat_string(batch, t.comm));
	sample.chain = r->chains.words + chain.first;
	sample.n_chain = chain.n < MAX_CHAIN ? chain.n : MAX_CHAIN;
	sample.ip = chain.n > 1 ? sample.chain[1] : 0;
	sample.misc = chain.is_kernel ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER;
	encode_sample(&r->out, &sample);
	r->n_lost_frames += chain.n_lost;
	if (!r->first_ns || s.time_ns < r->first_ns)
		r->first_ns = s.time_ns;
	if (s.time_ns > r->last_ns)
		r->last_ns = s.time_ns;
	return 0;
}

static void put_exit(struct recorder *r, const struct hearth_flat *batch, uint32_t index, uint64_t id)
{
	struct hearth_process_event e = hearth_profile_event(batch, index);
	struct hearth_process p = hearth_profile_process(batch, e.process);
	struct stamp stamp = { .pid = p.pid, .tid = e.tid, .time_ns = e.time_ns, .id = id };

	if (roster_leave(&r->roster, roster_identity(&r->roster, p.pid, p.exec_generation), e.tid))
		encode_exit(&r->out, &stamp, p.parent_pid, p.parent_pid);
}

/* What was lost in the window, and the promise that nothing older will follow. */
static void end_window(struct recorder *r, const struct hearth_flat *batch, uint64_t id, uint64_t source)
{
	struct hearth_profile_info info = hearth_profile_info(batch);
	struct stamp stamp = { .time_ns = info.window_end_ns, .id = id };
	uint64_t lost = 0;

	for (uint64_t i = 0; i < hearth_flat_count(batch, HEARTH_PROFILE_LOSSES); i++) {
		struct hearth_loss l = hearth_profile_loss(batch, i);

		lost += l.kind == HEARTH_LOSS_SAMPLES ? l.count : 0;
	}
	if (lost)
		encode_lost_samples(&r->out, &stamp, lost);
	if (rounds_end_window(&r->rounds, source, info.window_start_ns, info.window_end_ns))
		encode_finished_round(&r->out);
}

int recorder_begin(struct recorder *r)
{
	roster_reset(&r->roster);
	hearth_flat_reset(&r->build_ids);
	encoder_reset(&r->out);
	r->events = (struct events){ .n = 0 };
	r->first_ns = r->last_ns = 0;
	r->rounds = (struct rounds){ .n = 0 };
	put_kernel(r);
	return r->out.error;
}

int recorder_flush(struct recorder *r)
{
	int q = r->out.error ? r->out.error : r->outlet.write(r->outlet.ctx, r->out.bytes, r->out.len);

	encoder_reset(&r->out);
	return q;
}

static int put_items(struct recorder *r, const struct hearth_flat *batch, const struct event *event)
{
	for (size_t i = 0; i < r->order.n_items; i++) {
		const struct item *item = &r->order.items[i];
		int q = 0;

		if (item->kind == ITEM_MAPPING)
			put_mapping_item(r, batch, item->index, event->id, item->time_ns);
		else if (item->kind == ITEM_SAMPLE)
			q = put_sample(r, batch, item, event);
		else
			put_exit(r, batch, item->index, event->id);
		if (q == 0 && r->out.len >= r->buffer_bytes)
			q = recorder_flush(r);
		if (q < 0)
			return q;
	}
	return 0;
}

int recorder_add(struct recorder *r, const struct hearth_flat *batch, const struct event *event,
		 uint64_t source)
{
	struct hearth_profile_info info = hearth_profile_info(batch);
	int q = chains_begin(&r->chains, batch);

	r->monotonic_ns = info.clock_monotonic_ns;
	r->realtime_ns = info.clock_realtime_ns;
	if (q == 0)
		q = order_batch(&r->order, batch, event, &r->chains);
	if (q == 0)
		q = put_items(r, batch, event);
	if (q == 0)
		end_window(r, batch, event->id, source);
	if (q == 0)
		q = r->out.error;
	return q == 0 ? roster_error(&r->roster) : q;
}

void recorder_forget(struct recorder *r)
{
	roster_reset(&r->roster);
	encoder_reset(&r->out);
}

/* The strings live until recorder_begin(). */
static struct feature_build_id *list_build_ids(const struct recorder *r, size_t *ret_n)
{
	const struct hearth_flat_rows *rows = &r->build_ids.rows[BUILD_IDS];
	const struct hearth_flat_text *texts =
		(const struct hearth_flat_text *)(const void *)r->build_ids.rows[HEARTH_STRINGS].bytes;
	struct feature_build_id *list = calloc(rows->count + 1, sizeof(*list));

	*ret_n = 0;
	for (uint64_t i = 1; list && i < rows->count; i++) {
		const struct build_id_row *row = (const struct build_id_row *)(const void *)rows->bytes + i;

		list[(*ret_n)++] = (struct feature_build_id){
			.path = r->build_ids.text + texts[row->path].offset, .id = row->id,
			.len = row->len, .is_kernel = row->is_kernel,
		};
	}
	return list;
}

int recorder_features(const struct recorder *r, const char *instance, struct features *ret)
{
	size_t n;
	_cleanup_free_ struct feature_build_id *ids = list_build_ids(r, &n);
	struct feature_facts facts = {
		.events = &r->events, .build_ids = ids, .n_build_ids = n,
		.first_ns = r->first_ns, .last_ns = r->last_ns,
		.monotonic_ns = r->monotonic_ns, .realtime_ns = r->realtime_ns,
		.instance = instance,
	};

	return ids ? features_make(ret, &facts) : -ENOMEM;
}
