/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the symbolizer share: an instance, windows of one sample, names that came out. */
#pragma once

#include "common/test_profile.h"

#include "fake_inspect.h"

#define SECOND HEARTH_MOCK_SECOND
#define GZIP "/usr/bin/gzip"

static inline void begin(struct hearth_mock *m, struct test_profile *p)
{
	fake_reset();
	test_profile_begin(p);
	hearth_mock_init(m, hearth_plugin_v0.components[0]);
	hearth_mock_provide(m, HEARTH_INSPECT_SERVICE, &fake_service);
	assert_int_equal(hearth_mock_create(m), 0);
	assert_int_equal(hearth_mock_start(m), 0);
}

static inline void end(struct hearth_mock *m, struct test_profile *p)
{
	assert_int_equal(hearth_mock_done(m), 0);
	test_profile_done(p);
	fake_reset();
}

static inline uint32_t native(struct test_profile *p, uint64_t address)
{
	return test_frame(p, HEARTH_FRAME_NATIVE, GZIP, 7, address, 0);
}

/* One window with one sample of these frames. */
static inline const struct hearth_batch *window_of(struct test_profile *p, const uint32_t *frames,
					    uint32_t n)
{
	test_sample(p, "gzip", frames, n, NULL);
	return test_profile_end(p);
}

static inline const struct hearth_batch *window_at(struct test_profile *p, uint64_t address)
{
	uint32_t frame = native(p, address);

	return window_of(p, &frame, 1);
}

static struct hearth_flat out_flat;

/* Name of line k of a frame of the i-th batch that came out; NULL: it has not so many. */
static inline const char *name_of(struct hearth_mock *m, uint32_t i, uint32_t frame, uint32_t k)
{
	struct hearth_frame_lines lines;
	struct hearth_line line;

	assert_non_null(hearth_mock_emitted(m, i));
	assert_int_equal(hearth_profile_open(&out_flat, hearth_mock_emitted(m, i)), 0);
	lines = hearth_profile_frame_lines(&out_flat, frame);
	if (k >= lines.count)
		return NULL;
	line = hearth_profile_line(&out_flat, lines.first + k);
	return hearth_flat_string(&out_flat, hearth_profile_function(&out_flat, line.function).name);
}

static inline const char *cause_of(struct hearth_mock *m, uint32_t i, uint32_t frame)
{
	assert_null(name_of(m, i, frame, 0));
	return hearth_flat_string(&out_flat, hearth_profile_frame_lines(&out_flat, frame).cause);
}

static inline uint64_t names_lost(struct hearth_mock *m, uint32_t i, const char *cause)
{
	assert_int_equal(hearth_profile_open(&out_flat, hearth_mock_emitted(m, i)), 0);
	for (uint64_t k = 0; k < hearth_flat_count(&out_flat, HEARTH_PROFILE_LOSSES); k++) {
		struct hearth_loss loss = hearth_profile_loss(&out_flat, k);

		if (loss.kind == HEARTH_LOSS_NAMES &&
		    strcmp(hearth_flat_string(&out_flat, loss.cause), cause) == 0)
			return loss.count;
	}
	return 0;
}
