/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door: requests come in from any thread through an inbox, and the loop's thread takes them
 * through four lanes. OPEN passes opener and inspector, and both again where a stripped file
 * may have a debug file (DEBUG), RECORDED both in turn until a file is of the build, NAMES the
 * inspector, KERNEL the inspector and at first the opener, STORE an archivist, UNWIND the
 * unwinder.
 */
#include "helper/helpers.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "helper/arguments.h"
#include "helper/helpers_internal.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/str.h"
#include "util/sys.h"

#define MAX_BYTES_UNDER_WAY (16u << 20)
#define TICK_NS (50 * NS_PER_MS)
#define OPENER_HANG_NS NS_PER_S /* half the deadline: those behind it still get their answer */
#define INSPECTOR_HANG_NS (2 * NS_PER_S)
#define ARCHIVIST_HANG_NS (10 * NS_PER_S) /* nobody waits; its CPU time is limited as the inspector's */
#define MAX_FILES 1024u
#define FINISH_NS NS_PER_S /* a short recording asks for names when it ends */

static const struct lane_stage opener_stages[REQUEST_KINDS] = {
	[REQUEST_OPEN] = { opener_open_prepare, opener_open_send, opener_open_receive,
			   opener_open_blame },
	[REQUEST_CODE] = { code_open_prepare, code_open_send, code_open_receive, code_open_blame },
	[REQUEST_DEBUG] = { debug_open_prepare, debug_open_send, debug_open_receive,
			    debug_open_blame },
	[REQUEST_RECORDED] = { recorded_open_prepare, recorded_open_send, recorded_open_receive,
			       recorded_open_blame },
	[REQUEST_KERNEL] = { kallsyms_prepare, kallsyms_send, kallsyms_receive, NULL },
	[REQUEST_NAMES] = { kallsyms_prepare, kallsyms_send, kallsyms_receive, NULL },
};

static const struct lane_stage archivist_stages[REQUEST_KINDS] = {
	[REQUEST_STORE] = { store_prepare, store_send, store_receive, NULL },
};

static const struct lane_stage unwinder_stages[REQUEST_KINDS] = {
	[REQUEST_UNWIND] = { unwind_prepare, unwind_send, unwind_receive, unwind_blame },
};

static const struct lane_stage inspector_stages[REQUEST_KINDS] = {
	[REQUEST_OPEN] = { inspector_file_prepare, identify_send, identify_receive,
			   inspector_file_blame },
	[REQUEST_DEBUG] = { debug_match_prepare, debug_match_send, debug_match_receive,
			    debug_match_blame },
	[REQUEST_RECORDED] = { recorded_judge_prepare, identify_send, recorded_judge_receive,
			       inspector_file_blame },
	[REQUEST_NAMES] = { names_prepare, names_send, records_receive, inspector_file_blame },
	[REQUEST_KERNEL] = { kernel_prepare, kernel_send, records_receive, NULL },
};

void message_cause(const struct message *m, char ret[static HELPER_MAX_CAUSE])
{
	size_t len = m->len < HELPER_MAX_CAUSE - 1 ? m->len : HELPER_MAX_CAUSE - 1;

	memcpy(ret, m->payload, len);
	ret[len] = '\0';
	str_sanitize(ret);
}

void helpers_move(struct lane *to, struct request *r)
{
	lane_push(to, r);
	lane_pump(to);
}

/* ---- on the loop's thread ---- */

static void tick_arm(struct helpers *h)
{
	bool is_busy = lane_is_busy(h->opener) || lane_is_busy(h->inspector) ||
		       lane_is_busy(h->archivist) || lane_is_busy(h->unwinder);

	if (is_busy == h->is_ticking)
		return;
	(void)loop_timer_arm(h->tick, is_busy ? TICK_NS : 0, TICK_NS);
	h->is_ticking = is_busy;
}

static void on_tick(void *ctx)
{
	struct helpers *h = ctx;
	uint64_t now = clock_monotonic_ns();

	lane_tick(h->opener, now);
	lane_tick(h->inspector, now);
	lane_tick(h->archivist, now);
	lane_tick(h->unwinder, now);
	tick_arm(h);
}

static void admit(struct helpers *h, struct request *r)
{
	if (r->kind == REQUEST_RECORDED) {
		recorded_admit(h, r);
		return;
	}
	if (r->kind == REQUEST_OPEN && vdso_is(&r->target)) {
		vdso_admit(h, r);
		return;
	}
	if (r->kind == REQUEST_OPEN && code_is(&r->target)) {
		code_admit(h, r);
		return;
	}
	if (r->kind == REQUEST_OPEN && !open_is_file(&r->target)) {
		request_fail(r, -ENOTSUP, "no file is behind this mapping");
		request_free(r);
		return;
	}
	lane_push(r->kind == REQUEST_UNWIND ? h->unwinder :
		  r->kind == REQUEST_OPEN ? h->opener : h->inspector, r);
}

static void on_inbox(void *ctx, int fd, uint32_t events)
{
	struct helpers *h = ctx;
	struct request_queue came;
	struct request *r;
	uint64_t count;

	(void)events;
	(void)sys_read(fd, &count, sizeof(count));
	pthread_mutex_lock(&h->lock);
	came = h->inbox;
	h->inbox = (struct request_queue){};
	pthread_mutex_unlock(&h->lock);

	while ((r = request_queue_pop(&came)))
		admit(h, r);
	lane_pump(h->opener);
	lane_pump(h->inspector);
	lane_pump(h->unwinder);
	tick_arm(h);
}

/* ---- requests, [any thread] ---- */

int helpers_submit(struct helpers *h, struct request *r, helper_answer_fn fn, void *ctx)
{
	uint64_t one = 1;

	if (__atomic_add_fetch(&h->bytes_under_way, r->bytes, __ATOMIC_RELAXED) > MAX_BYTES_UNDER_WAY) {
		__atomic_sub_fetch(&h->bytes_under_way, r->bytes, __ATOMIC_RELAXED);
		request_free(r);
		return -EAGAIN;
	}
	r->bytes_under_way = &h->bytes_under_way;
	r->fn = fn;
	r->ctx = ctx;
	pthread_mutex_lock(&h->lock);
	request_queue_push(&h->inbox, r);
	pthread_mutex_unlock(&h->lock);
	(void)sys_write(h->inbox_fd, &one, sizeof(one));
	return 0;
}

int helpers_open(struct helpers *h, const struct hearth_inspect_target *t, helper_answer_fn fn,
		 void *ctx)
{
	_cleanup_(request_freep) struct request *r = NULL;
	int k;

	if (!HEARTH_HAS(t, device_minor) || t->pid <= 0 || !t->path ||
	    strnlen(t->path, HELPER_MAX_PATH) == HELPER_MAX_PATH)
		return -EINVAL;
	k = request_new(REQUEST_OPEN, &r);
	if (k < 0)
		return k;
	k = request_set_target(r, t);
	if (k < 0)
		return k;
	return helpers_submit(h, TAKE_PTR(r), fn, ctx);
}

int helpers_open_recorded(struct helpers *h, const struct hearth_inspect_recorded *t,
			  helper_answer_fn fn, void *ctx)
{
	_cleanup_(request_freep) struct request *r = NULL;
	int k;

	if (!HEARTH_HAS(t, path) || !t->path || t->build_id_len > HELPER_MAX_BUILD_ID ||
	    (t->build_id_len > 0 && !t->build_id) ||
	    strnlen(t->path, HELPER_MAX_PATH) == HELPER_MAX_PATH)
		return -EINVAL;
	k = request_new(REQUEST_RECORDED, &r);
	if (k < 0)
		return k;
	k = request_set_recorded(r, t);
	if (k < 0)
		return k;
	return helpers_submit(h, TAKE_PTR(r), fn, ctx);
}

static int ask(struct helpers *h, enum request_kind kind, uint64_t handle,
	       const uint64_t *addresses, uint32_t n, helper_answer_fn fn, void *ctx)
{
	_cleanup_(request_freep) struct request *r = NULL;
	int k;

	if (n == 0 || n > HELPER_MAX_ADDRESSES)
		return -EINVAL;
	k = request_new(kind, &r);
	if (k < 0)
		return k;
	k = request_set_addresses(r, handle, addresses, n);
	if (k < 0)
		return k;
	return helpers_submit(h, TAKE_PTR(r), fn, ctx);
}

int helpers_names(struct helpers *h, uint64_t handle, const uint64_t *addresses, uint32_t n,
		  helper_answer_fn fn, void *ctx)
{
	return ask(h, REQUEST_NAMES, handle, addresses, n, fn, ctx);
}

int helpers_kernel(struct helpers *h, const uint64_t *addresses, uint32_t n, helper_answer_fn fn,
		   void *ctx)
{
	return ask(h, REQUEST_KERNEL, 0, addresses, n, fn, ctx);
}

void helpers_pids(const struct helpers *h, pid_t *ret_opener, pid_t *ret_inspector)
{
	*ret_opener = lane_pid(h->opener);
	*ret_inspector = lane_pid(h->inspector);
}

uint64_t helpers_ended_cpu_ns(const struct helpers *h)
{
	return lane_ended_cpu_ns(h->opener) + lane_ended_cpu_ns(h->inspector) +
	       lane_ended_cpu_ns(h->archivist) + lane_ended_cpu_ns(h->unwinder);
}

char *helpers_symbols_folder(const char *cache_dir)
{
	return str_format("%s/symbols", cache_dir);
}

bool helpers_symbol_stats(const struct helpers *h, struct symbol_store_stats *ret)
{
	if (!h->store)
		return false;
	symbol_store_stats(h->store, ret);
	return true;
}

/* ---- life ---- */

/* Half of what the process may have open, less what it needs itself. */
static size_t files_cap(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur / 2 >= MAX_FILES)
		return MAX_FILES;
	return limit.rlim_cur / 2 > 16 ? (size_t)limit.rlim_cur / 2 : 16;
}

static int lanes_new(struct helpers *h, const struct helper_options *options)
{
	const char *executable = options->executable ? options->executable : "/proc/self/exe";
	static const char names_cost[] = "names, never samples";
	_cleanup_(strv_freep) char **inspector_argv = NULL;
	_cleanup_(strv_freep) char **opener_argv = NULL;
	struct lane_options opener = {
		.process = { .name = "opener", .cost = names_cost, .executable = executable },
		.stages = opener_stages,
		.hang_ns = OPENER_HANG_NS,
		.ctx = h,
	};
	struct lane_options inspector = {
		.process = { .name = "inspector", .cost = names_cost, .executable = executable },
		.stages = inspector_stages,
		.hang_ns = INSPECTOR_HANG_NS,
		.ctx = h,
	};
	struct lane_options archivist = {
		.process = { .name = "archivist", .cost = "a stored table, no names",
			     .executable = executable },
		.stages = archivist_stages,
		.is_for_one = true,
		.hang_ns = ARCHIVIST_HANG_NS,
		.ctx = h,
	};
	struct lane_options unwinder = {
		.process = { .name = "unwinder", .cost = "unwound stacks, never samples",
			     .executable = executable },
		.stages = unwinder_stages,
		.hang_ns = INSPECTOR_HANG_NS,
		.ctx = h,
	};
	int r;

	r = arguments_of_opener(options, &opener_argv);
	if (r == 0)
		r = arguments_of_inspector(options, &inspector_argv);
	if (r < 0)
		return r;
	opener.process.argv = opener_argv;
	inspector.process.argv = archivist.process.argv = unwinder.process.argv = inspector_argv;
	r = lane_new(h->loop, &opener, &h->opener);
	if (r == 0)
		r = lane_new(h->loop, &inspector, &h->inspector);
	if (r == 0)
		r = lane_new(h->loop, &archivist, &h->archivist);
	return r < 0 ? r : lane_new(h->loop, &unwinder, &h->unwinder);
}

static int store_new(struct helpers *h, const struct helper_options *options)
{
	_cleanup_free_ char *folder = NULL;

	if (!options->cache_dir || options->symbols_max_bytes == 0)
		return 0;
	folder = helpers_symbols_folder(options->cache_dir);
	return folder ? symbol_store_new(folder, options->symbols_max_bytes, &h->store) : -ENOMEM;
}

int helpers_new(struct loop *loop, const struct helper_options *options, struct helpers **ret)
{
	_cleanup_(helpers_freep) struct helpers *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return -ENOMEM;
	h->loop = loop;
	h->kernel_fds[0] = h->kernel_fds[1] = -1;
	h->inbox_fd = -1;
	pthread_mutex_init(&h->lock, NULL);
	r = file_table_new(files_cap(), &h->files);
	if (r < 0)
		return r;
	r = store_new(h, options);
	if (r < 0)
		return r;
	r = lanes_new(h, options);
	if (r < 0)
		return r;
	r = loop_timer_new(loop, on_tick, h, &h->tick);
	if (r < 0)
		return r;
	r = sys_eventfd();
	if (r < 0)
		return r;
	h->inbox_fd = r;
	r = loop_watch(loop, h->inbox_fd, EPOLLIN, on_inbox, h);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(h);
	return 0;
}

struct helpers *helpers_free(struct helpers *h)
{
	struct request *r;

	if (!h)
		return NULL;
	if (h->archivist)
		lane_finish(h->archivist, clock_monotonic_ns() + FINISH_NS);
	if (h->inbox_fd >= 0)
		(void)loop_watch(h->loop, h->inbox_fd, 0, NULL, NULL);
	closep(&h->inbox_fd);
	loop_timer_free(h->tick);
	lane_free(h->opener);
	lane_free(h->inspector);
	lane_free(h->archivist);
	lane_free(h->unwinder);
	while ((r = request_queue_pop(&h->inbox)))
		request_free(r);
	symbol_store_free(h->store);
	file_table_free(h->files);
	refusals_done(&h->refusals);
	for (size_t i = 0; i < KERNEL_FDS; i++)
		closep(&h->kernel_fds[i]);
	pthread_mutex_destroy(&h->lock);
	free(h);
	return NULL;
}
