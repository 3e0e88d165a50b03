/* SPDX-License-Identifier: Apache-2.0 */
/* What unwind() of hearth.inspect/1 is asked and answers, field by field. */
#include "test.h"

/* A hole that the compiler makes would be read as a field one day. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"
#include <hearth/helper.h>
#include <hearth/inspect.h>
#pragma GCC diagnostic pop
#include <hearth/profile.h>

#include "abi.h"

/* hearth/inspect.h */
FIELD(hearth_unwind_mapping, start, 0, 8);
FIELD(hearth_unwind_mapping, end, 8, 8);
FIELD(hearth_unwind_mapping, offset, 16, 8);
FIELD(hearth_unwind_mapping, handle, 24, 8);
SIZE(hearth_unwind_mapping, 32);

FIELD(hearth_unwind_space, mappings, 0, 8);
FIELD(hearth_unwind_space, n_mappings, 8, 4);
FIELD(hearth_unwind_space, mapping_stride, 12, 4);
SIZE(hearth_unwind_space, 16);

FIELD(hearth_unwind_sample, space, 0, 4);
FIELD(hearth_unwind_sample, stack_bytes, 4, 4);
FIELD(hearth_unwind_sample, register_mask, 8, 8);
FIELD(hearth_unwind_sample, registers, 16, 8);
FIELD(hearth_unwind_sample, stack_address, 24, 8);
FIELD(hearth_unwind_sample, stack, 32, 8);
SIZE(hearth_unwind_sample, 40);

FIELD(hearth_unwind_request, size, 0, 4);
FIELD(hearth_unwind_request, machine, 4, 4);
FIELD(hearth_unwind_request, spaces, 8, 8);
FIELD(hearth_unwind_request, samples, 16, 8);
FIELD(hearth_unwind_request, n_spaces, 24, 4);
FIELD(hearth_unwind_request, space_stride, 28, 4);
FIELD(hearth_unwind_request, n_samples, 32, 4);
FIELD(hearth_unwind_request, sample_stride, 36, 4);
FIELD(hearth_unwind_request, max_frames, 40, 4);
FIELD(hearth_unwind_request, reserved, 44, 4);
SIZE(hearth_unwind_request, 48);

FIELD(hearth_unwound_frame, address, 0, 8);
FIELD(hearth_unwound_frame, flags, 8, 4);
FIELD(hearth_unwound_frame, reserved, 12, 4);
SIZE(hearth_unwound_frame, 16);

FIELD(hearth_unwound_stack, first_frame, 0, 4);
FIELD(hearth_unwound_stack, n_frames, 4, 4);
FIELD(hearth_unwound_stack, end, 8, 4);
FIELD(hearth_unwound_stack, reserved, 12, 4);
FIELD(hearth_unwound_stack, cause, 16, 8);
SIZE(hearth_unwound_stack, 24);

FIELD(hearth_unwound, size, 0, 4);
FIELD(hearth_unwound, status, 4, 4);
FIELD(hearth_unwound, cause, 8, 8);
FIELD(hearth_unwound, stacks, 16, 8);
FIELD(hearth_unwound, frames, 24, 8);
FIELD(hearth_unwound, n_stacks, 32, 4);
FIELD(hearth_unwound, stack_stride, 36, 4);
FIELD(hearth_unwound, n_frames, 40, 4);
FIELD(hearth_unwound, frame_stride, 44, 4);
SIZE(hearth_unwound, 48);

/* hearth/helper.h */
FIELD(hearth_unwinding, size, 0, 4);
FIELD(hearth_unwinding, end, 4, 4);
FIELD(hearth_unwinding, n_frames, 8, 4);
FIELD(hearth_unwinding, reserved, 12, 4);
FIELD(hearth_unwinding, frames, 16, 8);
FIELD(hearth_unwinding, wanted, 24, 8);
SIZE(hearth_unwinding, 32);

TEST(a_return_address_is_marked_as_in_a_profile)
{
	assert_int_equal(HEARTH_UNWOUND_IS_RETURN, HEARTH_FRAME_IS_RETURN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_return_address_is_marked_as_in_a_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
