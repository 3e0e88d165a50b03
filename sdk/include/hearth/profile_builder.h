/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds hearth.profile/1 on hearth/flat_builder.h: one function per table, each of which
 * interns, so that equal rows share an index.
 */
#ifndef HEARTH_PROFILE_BUILDER_H
#define HEARTH_PROFILE_BUILDER_H

#include <hearth/flat_builder.h>
#include <hearth/profile.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline uint32_t hearth_build_binary(struct hearth_flat_builder *b,
					   const struct hearth_binary *row)
{
	return hearth_flat_intern(b, HEARTH_PROFILE_BINARIES, row, sizeof(*row));
}

static inline uint32_t hearth_build_mapping(struct hearth_flat_builder *b,
					    const struct hearth_mapping *row)
{
	return hearth_flat_intern(b, HEARTH_PROFILE_MAPPINGS, row, sizeof(*row));
}

static inline uint32_t hearth_build_process(struct hearth_flat_builder *b,
					    const struct hearth_process *row)
{
	return hearth_flat_intern(b, HEARTH_PROFILE_PROCESSES, row, sizeof(*row));
}

static inline uint32_t hearth_build_thread(struct hearth_flat_builder *b,
					   const struct hearth_thread *row)
{
	return hearth_flat_intern(b, HEARTH_PROFILE_THREADS, row, sizeof(*row));
}

static inline uint32_t hearth_build_function(struct hearth_flat_builder *b,
					     const struct hearth_function *row)
{
	return hearth_flat_intern(b, HEARTH_PROFILE_FUNCTIONS, row, sizeof(*row));
}

static inline uint32_t hearth_build_frame(struct hearth_flat_builder *b,
					  const struct hearth_frame *row)
{
	return hearth_flat_intern(b, HEARTH_PROFILE_FRAMES, row, sizeof(*row));
}

struct hearth_stack_key_ {
	const uint32_t *frames;
	uint32_t n, truncated;
};

static inline int hearth_same_stack_(const struct hearth_flat_builder *b, uint32_t i,
				     const void *key, size_t len)
{
	const struct hearth_stack_key_ *k = (const struct hearth_stack_key_ *)key;
	const struct hearth_stack *s =
		(const struct hearth_stack *)(const void *)b->rows[HEARTH_PROFILE_STACKS].bytes + i;

	(void)len;
	return s->count == k->n && s->truncated == k->truncated &&
	       (k->n == 0 || memcmp(b->rows[HEARTH_PROFILE_STACK_FRAMES].bytes + (uint64_t)s->first * 4,
		      k->frames, (size_t)k->n * 4) == 0);
}

/* The index of a stack of n frames, leaf first; truncated: string that says why, 0 if whole. */
static inline uint32_t hearth_build_stack(struct hearth_flat_builder *b, const uint32_t *frames,
					  uint32_t n, uint32_t truncated)
{
	struct hearth_stack_key_ key;
	struct hearth_stack row;
	uint32_t *slot, i;

	if (b->rows[HEARTH_PROFILE_STACKS].count == 0)
		hearth_flat_append(b, HEARTH_PROFILE_STACKS, NULL, sizeof(row));
	key.frames = frames;
	key.n = n;
	key.truncated = truncated;
	slot = hearth_flat_slot_(b, HEARTH_PROFILE_STACKS,
				 hearth_flat_hash(frames, (size_t)n * 4) ^ truncated * 2654435761u,
				 hearth_same_stack_, &key, sizeof(key));
	if (!slot)
		return 0;
	if (*slot)
		return *slot - 1;
	memset(&row, 0, sizeof(row));
	row.first = (uint32_t)b->rows[HEARTH_PROFILE_STACK_FRAMES].count;
	row.count = n;
	row.truncated = truncated;
	for (i = 0; i < n; i++)
		hearth_flat_append(b, HEARTH_PROFILE_STACK_FRAMES, &frames[i], sizeof(frames[i]));
	*slot = hearth_flat_append(b, HEARTH_PROFILE_STACKS, &row, sizeof(row)) + 1;
	return *slot - 1;
}

static inline void hearth_build_sample(struct hearth_flat_builder *b,
				       const struct hearth_sample *row)
{
	hearth_flat_append(b, HEARTH_PROFILE_SAMPLES, row, sizeof(*row));
	b->n_items++;
}

static inline void hearth_build_event(struct hearth_flat_builder *b,
				      const struct hearth_process_event *row)
{
	hearth_flat_append(b, HEARTH_PROFILE_EVENTS, row, sizeof(*row));
}

/* Counts of zero are left out. */
static inline void hearth_build_loss(struct hearth_flat_builder *b, uint32_t kind,
				     const char *cause, uint64_t count)
{
	struct hearth_loss row;

	if (count == 0)
		return;
	row.kind = kind;
	row.cause = hearth_flat_intern_string(b, cause);
	row.count = count;
	hearth_flat_append(b, HEARTH_PROFILE_LOSSES, &row, sizeof(row));
}

static inline void hearth_build_info(struct hearth_flat_builder *b,
				     const struct hearth_profile_info *row)
{
	b->rows[HEARTH_PROFILE_INFO].count = 0;
	hearth_flat_append(b, HEARTH_PROFILE_INFO, row, sizeof(*row));
}

#ifdef __cplusplus
}
#endif
#endif
