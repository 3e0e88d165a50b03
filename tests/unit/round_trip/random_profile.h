/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles such as a source makes them, but of nothing: which ones, a seed says. What is never so in
 * a real one is not so here: a main thread has its process's name, mappings do not overlap.
 */
#pragma once

#include <stdio.h>

#include <hearth/profile_builder.h>

enum { WORLD_PROCESSES = 4, WORLD_FILES = 5, WORLD_THREADS = 3, WORLD_DEPTH = 24, WORLD_EVENTS = 2 };

#define WORLD_START_NS UINT64_C(1000000000000)
#define WORLD_WINDOW_NS UINT64_C(5000000000)
#define WORLD_REALTIME_NS UINT64_C(1790000000000000000)
#define WORLD_MAP_BYTES UINT64_C(0x100000)

struct world {
	uint64_t state;
	uint32_t n_processes, n_files;
	uint64_t map_start[WORLD_PROCESSES][WORLD_FILES]; /* 0: not mapped there */
	uint64_t file_offset[WORLD_FILES], vaddr[WORLD_FILES];
	uint64_t period[WORLD_EVENTS];
	int has_periods[WORLD_EVENTS]; /* samples have their own */
	uint64_t n_unmapped; /* frames that were made in a file that their process has not mapped */
};

static const char *const world_events[WORLD_EVENTS] = { "cpu-clock", "cycles" };

/* splitmix64 */
static inline uint64_t world_next(struct world *w)
{
	uint64_t z = w->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline uint64_t world_below(struct world *w, uint64_t n)
{
	return world_next(w) % n;
}

static inline void world_init(struct world *w, uint64_t seed)
{
	*w = (struct world){ .state = seed };
	w->n_processes = 1 + (uint32_t)world_below(w, WORLD_PROCESSES);
	w->n_files = 1 + (uint32_t)world_below(w, WORLD_FILES);
	for (uint32_t f = 0; f < w->n_files; f++) {
		w->file_offset[f] = world_below(w, 64) << 12;
		w->vaddr[f] = w->file_offset[f] + (world_below(w, 512) << 12);
	}
	for (uint32_t p = 0; p < w->n_processes; p++)
		for (uint32_t f = 0; f < w->n_files; f++)
			if (f == 0 || world_below(w, 5))
				w->map_start[p][f] = UINT64_C(0x7f0000000000) + (p << 28) + f * 2 * WORLD_MAP_BYTES +
						     (world_below(w, 16) << 12);
	for (uint32_t e = 0; e < WORLD_EVENTS; e++) {
		w->period[e] = 1 + world_below(w, 10000000);
		w->has_periods[e] = world_below(w, 2) != 0;
	}
}

static inline uint32_t world_file(struct hearth_flat_builder *b, uint32_t f)
{
	struct hearth_binary row = { .build_id_len = 20, .size = 4096 + f };
	char path[32];

	snprintf(path, sizeof(path), "/opt/app %u/lib.so", f);
	row.path = hearth_flat_intern_string(b, path);
	for (uint32_t i = 0; i < row.build_id_len; i++)
		row.build_id[i] = (uint8_t)(f * 31 + i);
	return hearth_build_binary(b, &row);
}

static inline uint32_t world_process(struct hearth_flat_builder *b, uint32_t p)
{
	struct hearth_process row = { .pid = 1000 + 10 * p, .parent_pid = 900 + p, .start_time = 1 + p };
	char comm[32]; /* the kernel has 15 */

	snprintf(comm, sizeof(comm), "program %u", p);
	row.comm = hearth_flat_intern_string(b, comm);
	return hearth_build_process(b, &row);
}

static inline uint32_t world_thread(struct hearth_flat_builder *b, uint32_t p, uint32_t t)
{
	struct hearth_thread row = { .process = world_process(b, p), .tid = 1000 + 10 * p + t };
	char comm[32]; /* the kernel has 15 */

	snprintf(comm, sizeof(comm), t ? "worker %u;%u" : "program %u", p, t);
	row.comm = hearth_flat_intern_string(b, comm);
	return hearth_build_thread(b, &row);
}

static inline void world_map_files(struct world *w, struct hearth_flat_builder *b)
{
	for (uint32_t p = 0; p < w->n_processes; p++)
		for (uint32_t f = 0; f < w->n_files; f++) {
			struct hearth_mapping row = {
				.start = w->map_start[p][f], .end = w->map_start[p][f] + WORLD_MAP_BYTES,
				.file_offset = w->file_offset[f], .vaddr = w->vaddr[f],
				.process = world_process(b, p), .binary = world_file(b, f),
			};

			if (row.start)
				(void)hearth_build_mapping(b, &row);
		}
}

static inline uint32_t world_frame(struct world *w, struct hearth_flat_builder *b, uint32_t p, int is_kernel)
{
	uint32_t f = (uint32_t)world_below(w, w->n_files);
	struct hearth_frame row = { .kind = HEARTH_FRAME_NATIVE, .binary = world_file(b, f) };

	row.address = w->vaddr[f] + world_below(w, WORLD_MAP_BYTES);
	if (!is_kernel) {
		w->n_unmapped += !w->map_start[p][f];
		return hearth_build_frame(b, &row);
	}
	row.kind = HEARTH_FRAME_KERNEL;
	row.binary = 0;
	row.address = UINT64_C(0xffffffff81000000) + world_below(w, 0x1000000);
	return hearth_build_frame(b, &row);
}

static inline uint32_t world_stack(struct world *w, struct hearth_flat_builder *b, uint32_t p)
{
	uint32_t n = 1 + (uint32_t)world_below(w, WORLD_DEPTH), n_kernel = (uint32_t)world_below(w, n + 1);
	uint32_t frames[WORLD_DEPTH];
	uint32_t cut = world_below(w, 3) ? 0 : hearth_flat_intern_string(b, "no frame pointers");

	for (uint32_t i = 0; i < n; i++)
		frames[i] = world_frame(w, b, p, i < n_kernel);
	return hearth_build_stack(b, frames, n, cut);
}

/* Fills b with the window's samples of an event; to be emitted. */
static inline void world_window(struct world *w, struct hearth_flat_builder *b, uint32_t window, uint32_t event)
{
	uint64_t start = WORLD_START_NS + window * WORLD_WINDOW_NS;
	struct hearth_profile_info info = {
		.period = w->period[event],
		.window_start_ns = start, .window_end_ns = start + WORLD_WINDOW_NS,
		.clock_monotonic_ns = start, .clock_realtime_ns = WORLD_REALTIME_NS + start,
	};
	uint64_t n = 1 + world_below(w, 200), lost = world_below(w, 4);

	world_map_files(w, b);
	for (uint64_t i = 0; i < n; i++) {
		uint32_t p = (uint32_t)world_below(w, w->n_processes);
		struct hearth_sample row = { .value = 1, .cpu = (uint32_t)world_below(w, 64) };

		row.time_ns = start + world_below(w, WORLD_WINDOW_NS);
		row.thread = world_thread(b, p, (uint32_t)world_below(w, WORLD_THREADS));
		row.stack = world_stack(w, b, p);
		row.period = w->has_periods[event] ? 1 + world_below(w, 1000000000) : 0;
		hearth_build_sample(b, &row);
	}
	hearth_build_loss(b, HEARTH_LOSS_SAMPLES, "ring full", lost);
	info.samples_taken = n + lost;
	info.event = hearth_flat_intern_string(b, world_events[event]);
	info.sample_type = hearth_flat_intern_string(b, "samples");
	info.sample_unit = hearth_flat_intern_string(b, "count");
	hearth_build_info(b, &info);
}
