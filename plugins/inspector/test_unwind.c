/* SPDX-License-Identifier: Apache-2.0 */
#include "test_support.h"

#include <signal.h>

#include "unit/unwind_capture.h"
#include "unwind.h"

struct fixture {
	struct unwinder *unwinder;
	struct capture_space space;
	unsigned int n_wanted; /* files that were asked for */
};

static struct capture capture;

static int setup_with(void **state, size_t max_bytes)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(unwinder_new(max_bytes, &f->unwinder), 0);
	capture_space_read(&f->space);
	for (uint32_t i = 0; i < f->space.n; i++)
		f->space.mappings[i].handle = i + 1;
	capture_space_sort(&f->space);
	*state = f;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, 64 << 20);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unwinder_free(f->unwinder);
	free(f);
	return 0;
}

static void file_add(struct fixture *f, uint64_t handle)
{
	struct reader reader;
	struct elf_file elf;
	int fd = open(f->space.paths[handle - 1], O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(reader_open_fd(&reader, fd), 0);
	assert_int_equal(elf_open(&elf, &reader), 0);
	unwinder_add_file(f->unwinder, handle, &elf, NULL);
	close(fd);
}

static void space_set(struct fixture *f)
{
	assert_int_equal(unwinder_set_space(f->unwinder, CAPTURE_MACHINE, f->space.mappings,
					    f->space.n), 0);
}

/* Gives what is wanted, as the host does. */
static void walk(struct fixture *f, const struct hearth_unwind_sample *sample, uint32_t max_frames,
		 struct hearth_unwinding *ret)
{
	int r;

	space_set(f);
	for (;;) {
		r = unwinder_walk(f->unwinder, sample, max_frames, false, ret);
		if (r != -EAGAIN)
			break;
		f->n_wanted++;
		file_add(f, ret->wanted);
		space_set(f);
	}
	assert_int_equal(r, 0);
}

/* From the caller of capture_here() on; inside it, the two looked at different instructions. */
static void assert_agrees(const struct hearth_unwinding *u, const struct capture *c)
{
	assert_int_equal(u->n_frames, c->n_callers);
	for (uint32_t i = 1; i < u->n_frames; i++)
		assert_int_equal(u->frames[i].address, (uint64_t)(uintptr_t)c->callers[i]);
}

/* No tail calls, no inlining: as deep as it looks. */
__attribute__((noinline, optimize("omit-frame-pointer"))) static int down(int depth, int weight)
{
	volatile char room[64];
	int r;

	room[depth % 64] = (char)weight;
	if (depth == 0) {
		capture_here(&capture);
		return room[0];
	}
	r = down(depth - 1, weight + 1);
	return r + room[depth % 64];
}

static void a_stack_without_frame_pointers_is_the_one_that_libgcc_finds(void **state)
{
	struct hearth_unwinding u;

	(void)down(20, 1);
	walk(*state, &capture.sample, 1024, &u);
	assert_true(capture.n_callers > 22);
	assert_agrees(&u, &capture);
	assert_int_equal(u.end, HEARTH_UNWOUND_WHOLE);
	assert_int_equal(u.frames[0].flags, 0);
	for (uint32_t i = 1; i < u.n_frames; i++)
		assert_int_equal(u.frames[i].flags, HEARTH_UNWOUND_IS_RETURN);
}

static int compare_numbers(const void *a, const void *b)
{
	capture_here(&capture);
	return *(const int *)a - *(const int *)b;
}

static void a_stack_leads_through_libraries(void **state)
{
	int numbers[2] = { 2, 1 };
	struct hearth_unwinding u;

	qsort(numbers, 2, sizeof(numbers[0]), compare_numbers);
	walk(*state, &capture.sample, 1024, &u);
	assert_agrees(&u, &capture);
	assert_int_equal(u.end, HEARTH_UNWOUND_WHOLE);
}

static volatile int signal_seen;

static void on_signal(int number)
{
	capture_here(&capture);
	signal_seen = number; /* not the last thing that it does, or it would leave no frame */
}

static void what_a_signal_interrupted_is_no_return_address(void **state)
{
	struct sigaction action = { .sa_handler = on_signal }, old;
	struct hearth_unwinding u;
	uint32_t i;

	assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(sigaction(SIGUSR1, &old, NULL), 0);
	walk(*state, &capture.sample, 1024, &u);
	assert_agrees(&u, &capture);
	for (i = 1; i < u.n_frames && u.frames[i].flags == HEARTH_UNWOUND_IS_RETURN; i++)
		; /* in the handler, and what a sanitizer has around it */
	assert_true(i >= 2 && i + 2 < u.n_frames);
	assert_int_equal(u.frames[i].flags, 0);     /* where the handler returns to */
	assert_int_equal(u.frames[i + 1].flags, 0); /* the interrupted code */
	assert_int_equal(u.frames[i + 2].flags, HEARTH_UNWOUND_IS_RETURN);
}

/* Bytes of the captured stack in front of the last place that holds this return address. */
static uint32_t bytes_before(const void *caller)
{
	uint32_t n = capture.sample.stack_bytes / 8;

	while (n > 0 && capture.stack[n - 1] != (uint64_t)(uintptr_t)caller)
		n--;
	assert_true(n > 0);
	return (n - 1) * 8;
}

static void a_cut_stack_is_true_as_far_as_it_goes_and_says_so(void **state)
{
	struct hearth_unwind_sample cut;
	struct hearth_unwinding u;

	(void)down(20, 1);
	cut = capture.sample;
	cut.stack_bytes = bytes_before(capture.callers[10]);
	walk(*state, &cut, 1024, &u);
	assert_int_equal(u.end, HEARTH_UNWOUND_STACK);
	assert_true(u.n_frames > 2 && u.n_frames < (uint32_t)capture.n_callers);
	for (uint32_t i = 1; i < u.n_frames; i++)
		assert_int_equal(u.frames[i].address, (uint64_t)(uintptr_t)capture.callers[i]);
}

static void depth_is_what_was_asked_for(void **state)
{
	struct hearth_unwinding u;

	(void)down(20, 1);
	walk(*state, &capture.sample, 7, &u);
	assert_int_equal(u.n_frames, 7);
	assert_int_equal(u.end, HEARTH_UNWOUND_DEPTH);
}

static void without_stack_pointer_there_is_no_frame(void **state)
{
	struct hearth_unwind_sample sample = { .stack = (const uint8_t *)capture.stack };
	struct hearth_unwinding u;

	walk(*state, &sample, 1024, &u);
	assert_int_equal(u.n_frames, 0);
	assert_int_equal(u.end, HEARTH_UNWOUND_REGISTERS);
}

static void a_file_that_cannot_be_had_ends_the_stack_there(void **state)
{
	struct fixture *f = *state;
	struct hearth_unwinding u;

	(void)down(3, 1);
	for (uint32_t i = 0; i < f->space.n; i++)
		unwinder_add_file(f->unwinder, f->space.mappings[i].handle, NULL, NULL);
	capture.registers[6] = 0; /* x86-64: the frame pointer, the last resort */
	capture.registers[29] = 0; /* aarch64 */
	walk(f, &capture.sample, 1024, &u);
	assert_int_equal(f->n_wanted, 0);
	assert_int_equal(u.n_frames, 1);
	assert_int_not_equal(u.end, HEARTH_UNWOUND_WHOLE);
}

static void an_answer_that_is_final_wants_no_file(void **state)
{
	struct fixture *f = *state;
	struct hearth_unwinding u;

	(void)down(3, 1);
	space_set(f);
	assert_int_equal(unwinder_walk(f->unwinder, &capture.sample, 1024, true, &u), 0);
	assert_true(u.n_frames >= 1);
}

static void files_and_spaces_are_kept(void **state)
{
	struct fixture *f = *state;
	struct hearth_unwinding u;
	unsigned int n_wanted;

	(void)down(3, 1);
	walk(f, &capture.sample, 1024, &u);
	n_wanted = f->n_wanted;
	assert_true(n_wanted >= 2);
	f->space.mappings[0].end += 4096; /* another space, the same files */
	walk(f, &capture.sample, 1024, &u);
	assert_agrees(&u, &capture);
	assert_int_equal(f->n_wanted, n_wanted);
}

static void many_spaces_take_no_more_memory_than_a_few(void **state)
{
	struct fixture *f = *state;
	struct hearth_unwinding u;

	(void)down(3, 1);
	for (unsigned int i = 0; i < 300; i++) {
		f->space.mappings[0].end += 4096;
		walk(f, &capture.sample, 1024, &u);
		assert_agrees(&u, &capture);
	}
	assert_true(unwinder_bytes(f->unwinder) <= 64 << 20);
}

static int setup_small(void **state)
{
	return setup_with(state, 1 << 10);
}

static void rules_beyond_the_cap_are_not_kept(void **state)
{
	struct fixture *f = *state;
	struct hearth_unwinding u;

	(void)down(3, 1);
	walk(f, &capture.sample, 1024, &u);
	assert_true(unwinder_bytes(f->unwinder) <= 1 << 10);
	assert_true(u.n_frames >= 1);
}

static void a_stack_that_points_into_itself_ends(void **state)
{
	struct hearth_unwinding u;
	uint64_t here;

	(void)down(3, 1);
	here = capture.sample.stack_address;
	for (size_t i = 0; i < CAPTURE_MAX_STACK / 8; i++)
		capture.stack[i] = i % 2 ? capture.registers[8] : here;
	walk(*state, &capture.sample, 1024, &u);
	assert_true(u.n_frames <= 1024);
}

#define unwind_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		unwind_test(a_stack_without_frame_pointers_is_the_one_that_libgcc_finds),
		unwind_test(a_stack_leads_through_libraries),
		unwind_test(what_a_signal_interrupted_is_no_return_address),
		unwind_test(a_cut_stack_is_true_as_far_as_it_goes_and_says_so),
		unwind_test(depth_is_what_was_asked_for),
		unwind_test(without_stack_pointer_there_is_no_frame),
		unwind_test(a_file_that_cannot_be_had_ends_the_stack_there),
		unwind_test(an_answer_that_is_final_wants_no_file),
		unwind_test(files_and_spaces_are_kept),
		unwind_test(many_spaces_take_no_more_memory_than_a_few),
		cmocka_unit_test_setup_teardown(rules_beyond_the_cap_are_not_kept, setup_small, teardown),
		unwind_test(a_stack_that_points_into_itself_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
