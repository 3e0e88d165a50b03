/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout: "Pipe-mode data" of tools/perf/Documentation/perf.data-file-format.txt. Samples always
 * carry their period, for there is no other file for those of another.
 */
#include "live_pipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "common/cleanup.h"
#include "common/perf_format.h"
#include "common/say.h"
#include "pipe_records.h"

static bool is_stdout(const struct live_pipe *p)
{
	return strcmp(p->path, "-") == 0;
}

static int refuse(char **ret_why, int r, const char *path)
{
	const char *text = r == -ENOTSUP ? "it is no FIFO; name another, or use mode: file" : strerror(-r);

	if (strcmp(path, "-") == 0) {
		path = "standard output";
		text = r == -ENOTSUP ? "it is neither a pipe nor a file; pipe it into `perf report -i -`" : text;
	}
	if (asprintf(ret_why, "cannot write perf.data to %s: %s", path, text) < 0)
		*ret_why = NULL;
	return r;
}

static int open_stream(struct live_pipe *p)
{
	return is_stdout(p) ? stream_open_stdout(&p->stream) : stream_open_fifo(&p->stream, p->path);
}

int live_pipe_open(struct live_pipe *p, char **ret_why)
{
	int r = is_stdout(p) ? stream_check_stdout() : stream_make_fifo(p->path);

	return r < 0 ? refuse(ret_why, r, p->path) : 0;
}

void live_pipe_done(struct live_pipe *p)
{
	stream_done(&p->stream);
	free(TAKE_PTR(p->path));
}

/* ---- the reader ---- */

static void lose_reader(struct live_pipe *p)
{
	(void)p->host->watch_fd(p->host, p->stream.fd, 0);
	stream_close(&p->stream);
}

void live_pipe_on_hangup(struct live_pipe *p)
{
	if (stream_is_open(&p->stream)) {
		lose_reader(p);
		p->is_over = is_stdout(p);
	}
}

/*
 * Also while there is nothing to write: a reader that goes is to be noticed before the next one
 * comes, who would be served from the middle.
 */
int live_pipe_flush(struct live_pipe *p)
{
	size_t before = p->stream.len;
	int r = stream_is_open(&p->stream) ? stream_flush(&p->stream) : 0;

	p->n_taken += before - p->stream.len;
	if (r == -EAGAIN) {
		(void)p->host->watch_fd(p->host, p->stream.fd, EPOLLOUT);
	} else if (r < 0) {
		live_pipe_on_hangup(p);
	} else if (stream_is_open(&p->stream)) {
		(void)p->host->watch_fd(p->host, p->stream.fd, EPOLLERR);
	}
	return r;
}

/* ---- batches ---- */

static int put_records(void *ctx, const void *records, size_t len)
{
	struct live_pipe *p = ctx;

	return stream_put(&p->stream, records, len);
}

/* A reader that has just come gets the beginning, with the event that it has come for. */
static int begin_stream(struct live_pipe *p, const struct event *event)
{
	struct events *events = &p->recorder->events;
	bool is_new;
	int r = p->is_over ? -EPIPE : open_stream(p);

	if (r < 0)
		return r;
	p->n_left_out = 0;
	kernel_map_done(p->kernel); /* modules come and go */
	r = kernel_map_read(p->kernel, "");
	if (r == 0)
		r = recorder_begin(p->recorder);
	if (r == 0)
		r = pipe_records_begin(p->recorder, events_find(events, event, true, &is_new),
				       p->host->instance);
	if (r < 0)
		stream_close(&p->stream);
	return r;
}

/* The reader knows the event, which has its id then. */
static int ready_event(struct live_pipe *p, struct event *event)
{
	const struct event *row;
	bool is_new;
	int r = stream_is_open(&p->stream) ? 0 : begin_stream(p, event);

	if (r < 0)
		return r;
	row = events_find(&p->recorder->events, event, true, &is_new);
	if (!row)
		return -E2BIG;
	if (is_new)
		pipe_records_put_event(&p->recorder->out, row);
	event->id = row->id;
	return 0;
}

static int send_window(struct live_pipe *p, const struct hearth_flat *batch, uint64_t source)
{
	struct hearth_profile_info info = hearth_profile_info(batch);
	struct event event;
	int r = event_of_batch(batch, &event);

	event.has_period = true;
	if (r == 0)
		r = ready_event(p, &event);
	if (r == 0 && p->n_left_out)
		encode_lost_samples(&p->recorder->out, &(struct stamp){
			.time_ns = info.window_start_ns, .id = event.id }, p->n_left_out);
	if (r == 0)
		r = recorder_add(p->recorder, batch, &event, source);
	return r == 0 ? recorder_flush(p->recorder) : r;
}

/* What was told of a window that is left out is told again; so is what the stream begins with. */
static void leave_out(struct live_pipe *p, const struct hearth_flat *batch, uint32_t n_events)
{
	p->n_left_out += hearth_flat_count(batch, HEARTH_PROFILE_SAMPLES);
	p->recorder->events.n = n_events;
	recorder_forget(p->recorder);
	if (!n_events && stream_is_open(&p->stream))
		lose_reader(p);
}

/* Of what is the same all the time one line is enough. */
static void say_once(struct live_pipe *p, int error)
{
	int before = p->said;

	p->said = error;
	if (error == before || error == -ENXIO)
		return;
	if (error == -EPIPE)
		say(p->host, HEARTH_LOG_NOTICE, "the reader of perf.data is gone; %s", p->is_over ?
		    "samples are counted and left out" : "the next one is served from its first window on");
	else if (error == -ENOBUFS)
		say(p->host, HEARTH_LOG_WARNING, "the reader of perf.data is too slow; whole windows are left "
		    "out, raise `buffer` if it only halts now and then");
	else if (error)
		say(p->host, HEARTH_LOG_ERROR, "perf.data cannot be sent: %s", strerror(-error));
}

int live_pipe_write(struct live_pipe *p, const struct hearth_flat *batch, uint64_t source)
{
	uint32_t n_events;
	int r;

	(void)live_pipe_flush(p); /* a reader that is gone is found out before the window is lost with it */
	n_events = stream_is_open(&p->stream) ? p->recorder->events.n : 0;
	p->recorder->outlet = (struct recorder_outlet){ put_records, p };
	p->recorder->monotonic_ns = hearth_profile_info(batch).clock_monotonic_ns;
	p->recorder->realtime_ns = hearth_profile_info(batch).clock_realtime_ns;
	r = send_window(p, batch, source);
	if (r < 0) {
		leave_out(p, batch, n_events);
	} else {
		p->n_left_out = 0;
		r = live_pipe_flush(p);
	}
	r = r == -EAGAIN ? 0 : r;
	say_once(p, r);
	return r;
}
