/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks of this process, unwound by real helper processes. */
#include "helpers_fixture.h"

#include <signal.h>

#include "unit/unwind_capture.h"

#define helpers_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static struct capture capture;

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

static void space_open(struct fixture *f, struct capture_space *s)
{
	char path[PATH_MAX];

	capture_space_read(s);
	for (uint32_t i = 0; i < s->n; i++) {
		assert_non_null(realpath(s->paths[i], path));
		s->mappings[i].handle = open_handle(f, path);
	}
	capture_space_sort(s);
}

/* The same sample n times, at most as many as a request may have. */
struct question {
	struct hearth_unwind_space space;
	struct hearth_unwind_sample samples[HEARTH_UNWIND_MAX_SAMPLES];
	struct hearth_unwind_request request;
};

static void question_make(struct question *q, const struct capture_space *s, uint32_t n)
{
	q->space = (struct hearth_unwind_space){ s->mappings, s->n, sizeof(s->mappings[0]) };
	for (uint32_t i = 0; i < n; i++)
		q->samples[i] = capture.sample;
	q->request = (struct hearth_unwind_request){
		.size = sizeof(q->request),
		.machine = CAPTURE_MACHINE,
		.spaces = &q->space,
		.samples = q->samples,
		.n_spaces = 1,
		.space_stride = sizeof(q->space),
		.n_samples = n,
		.sample_stride = sizeof(q->samples[0]),
	};
}

static const struct hearth_unwound *ask(struct fixture *f, const struct question *q,
					struct reply *reply)
{
	assert_int_equal(helpers_unwind(f->helpers, &q->request, on_answer, reply), 0);
	wait_for(f, reply);
	return &reply->answer->unwound;
}

static void assert_all_agree(const struct hearth_unwound *u, uint32_t n)
{
	assert_int_equal(u->status, 0);
	assert_int_equal(u->n_stacks, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct hearth_unwound_stack *s = &u->stacks[i];

		assert_int_equal(s->end, HEARTH_UNWOUND_WHOLE);
		assert_null(s->cause);
		assert_int_equal(s->n_frames, capture.n_callers);
		for (uint32_t k = 1; k < s->n_frames; k++)
			assert_int_equal(u->frames[s->first_frame + k].address,
					 (uint64_t)(uintptr_t)capture.callers[k]);
	}
}

static void stacks_are_those_that_libgcc_finds(void **state)
{
	static struct capture_space space;
	static struct question q;
	_cleanup_reply_ struct reply first = {}, second = {};

	space_open(*state, &space);
	(void)down(20, 1);
	question_make(&q, &space, 200);
	assert_all_agree(ask(*state, &q, &first), 200);
	assert_all_agree(ask(*state, &q, &second), 200);
}

/* The only child of ours that is no other helper. */
static pid_t unwinder_of(struct fixture *f)
{
	char path[64], *text = NULL, *rest = NULL;
	pid_t found = 0;
	size_t len;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	assert_int_equal(file_read(path, 4096, &text, &len), 0);
	for (char *word = strtok_r(text, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest)) {
		pid_t pid = (pid_t)strtol(word, NULL, 10);

		if (pid != opener_of(f) && pid != inspector_of(f))
			found = pid;
	}
	free(text);
	return found;
}

static void a_killed_unwinder_costs_one_request_and_no_names(void **state)
{
	struct fixture *f = *state;
	static struct capture_space space;
	static struct question q;
	_cleanup_reply_ struct reply before = {}, killed = {}, after = {};
	pid_t inspector;

	space_open(f, &space);
	(void)down(3, 1);
	question_make(&q, &space, 1);
	assert_all_agree(ask(f, &q, &before), 1);
	inspector = inspector_of(f);
	assert_int_not_equal(unwinder_of(f), 0);
	assert_int_equal(kill(unwinder_of(f), SIGSTOP), 0);
	assert_int_equal(helpers_unwind(f->helpers, &q.request, on_answer, &killed), 0);
	for (int i = 0; i < 5; i++) /* it is taken and sent */
		assert_int_equal(loop_run_once(f->loop, 10), 0);
	assert_int_equal(kill(unwinder_of(f), SIGKILL), 0);
	wait_for(f, &killed);
	assert_int_equal(killed.answer->unwound.status, -ECONNRESET);
	assert_string_equal(killed.answer->unwound.cause,
			    "the unwinder was killed by signal 9 (Killed) and was restarted");
	assert_all_agree(ask(f, &q, &after), 1);
	assert_int_equal(inspector_of(f), inspector);
}

static void a_handle_that_never_was_ends_its_stacks(void **state)
{
	static struct capture_space space;
	static struct question q;
	_cleanup_reply_ struct reply reply = {};
	const struct hearth_unwound *u;

	space_open(*state, &space);
	(void)down(3, 1);
	for (uint32_t i = 0; i < space.n; i++)
		space.mappings[i].handle = 12345678 + i;
	question_make(&q, &space, 1);
	u = ask(*state, &q, &reply);
	assert_int_equal(u->status, 0);
	assert_true(u->stacks[0].n_frames >= 1);
	assert_int_equal(u->frames[0].address,
			 capture.registers[CAPTURE_MACHINE == EM_X86_64 ? 8 : 32]);
}

static void another_machine_is_refused_with_a_cause(void **state)
{
	static struct capture_space space;
	static struct question q;
	_cleanup_reply_ struct reply reply = {};
	const struct hearth_unwound *u;

	(void)down(3, 1);
	question_make(&q, &space, 1);
	q.request.machine = EM_S390;
	u = ask(*state, &q, &reply);
	assert_int_equal(u->status, -ENOTSUP);
	assert_string_equal(u->cause, "stacks of this machine cannot be unwound");
}

static void what_passes_a_limit_is_not_taken(void **state)
{
	struct fixture *f = *state;
	static struct capture_space space;
	static struct question q;
	static uint8_t big[HEARTH_UNWIND_MAX_STACK];
	pid_t before = unwinder_of(f); /* of the test before, where that is still ending */

	(void)down(3, 1);
	question_make(&q, &space, 200);
	q.request.n_samples = HEARTH_UNWIND_MAX_SAMPLES + 1;
	assert_int_equal(helpers_unwind(f->helpers, &q.request, on_answer, NULL), -EINVAL);
	q.request.n_samples = 0;
	assert_int_equal(helpers_unwind(f->helpers, &q.request, on_answer, NULL), -EINVAL);
	q.request.n_samples = 200;
	q.request.max_frames = HEARTH_UNWIND_MAX_FRAMES + 1;
	assert_int_equal(helpers_unwind(f->helpers, &q.request, on_answer, NULL), -EINVAL);
	q.request.max_frames = 0;
	q.samples[7].space = 1;
	assert_int_equal(helpers_unwind(f->helpers, &q.request, on_answer, NULL), -EINVAL);
	q.samples[7].space = 0;
	for (int i = 0; i < 200; i++) {
		q.samples[i].stack = big;
		q.samples[i].stack_bytes = sizeof(big);
	}
	assert_int_equal(helpers_unwind(f->helpers, &q.request, on_answer, NULL), -EINVAL);
	assert_true(unwinder_of(f) <= before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		helpers_test(stacks_are_those_that_libgcc_finds),
		helpers_test(a_killed_unwinder_costs_one_request_and_no_names),
		helpers_test(a_handle_that_never_was_ends_its_stacks),
		helpers_test(another_machine_is_refused_with_a_cause),
		helpers_test(what_passes_a_limit_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
