/* SPDX-License-Identifier: Apache-2.0 */
/* The host's half: what comes over the socket is read like a stranger's file. */
#include "helper/examination.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "helper/plain_file.h"
#include "helper/protocol.h"
#include "helper/spawn.h"
#include "util/clock.h"
#include "util/str.h"

#define TIMEOUT_NS (10 * NS_PER_S)
#define MAX_LINES 1000u

struct session {
	const struct examination *e;
	uint64_t deadline_ns;
	unsigned int n_lines;
	pid_t pid;
	int socket;
	struct message message;
};

static int make_argv(const struct examination *e, char ***ret)
{
	const char *const words[] = { "hearth", "helper", "examiner", e->plugin, e->component };
	_cleanup_(strv_freep) char **argv = NULL;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(words) && r >= 0; i++)
		r = strv_append(&argv, words[i]);
	for (char *const *dir = e->plugin_dirs; dir && *dir && r >= 0; dir++)
		r = strv_append(&argv, *dir);
	if (r >= 0)
		*ret = TAKE_PTR(argv);
	return r;
}

/* 0: something came; -ETIMEDOUT. A closed socket is something, too. */
static int wait_for_message(const struct session *s)
{
	struct pollfd p = { .fd = s->socket, .events = POLLIN };

	for (;;) {
		uint64_t now = clock_monotonic_ns();
		int n;

		if (now >= s->deadline_ns)
			return -ETIMEDOUT;
		n = poll(&p, 1, (int)((s->deadline_ns - now) / NS_PER_MS) + 1);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

/* The next of the strings in a payload, NULL if it has no end. */
static const char *take_string(const struct message *m, size_t *at)
{
	const char *s = (const char *)m->payload + *at;
	const char *end = *at < m->len ? memchr(s, 0, m->len - *at) : NULL;

	if (!end)
		return NULL;
	*at += (size_t)(end - s) + 1;
	return s;
}

static int take_line(struct session *s)
{
	const struct message *m = &s->message;
	const char *subject, *finding, *mend;
	size_t at = 0;

	subject = take_string(m, &at);
	finding = take_string(m, &at);
	mend = take_string(m, &at);
	if (!subject || !finding || !mend || s->n_lines++ == MAX_LINES)
		return -EBADMSG;
	s->e->line(s->e->ctx, (int32_t)m->header.n, subject, finding, *mend ? mend : NULL);
	return 0;
}

static int answer_file(struct session *s)
{
	struct message_header header = { .type = MESSAGE_FILE, .flags = MESSAGE_LAST };
	_cleanup_close_ int fd = -1;
	size_t at = 0;
	const char *path = take_string(&s->message, &at);

	header.status = path && path[0] == '/' ? plain_file_open(path, false, &fd) : -EINVAL;
	return message_send(s->socket, &header, NULL, 0, &fd, header.status == 0, MSG_DONTWAIT);
}

/* 1: it is done. */
static int serve_one(struct session *s)
{
	int r;

	r = wait_for_message(s);
	if (r < 0)
		return r;
	r = message_receive(s->socket, &s->message, MSG_DONTWAIT);
	if (r < 0)
		return r == -EAGAIN ? 0 : r;
	message_close_fds(&s->message);
	switch (s->message.header.type) {
	case MESSAGE_LINE:
		return take_line(s);
	case MESSAGE_FILE:
		return answer_file(s);
	case MESSAGE_EXAMINE:
		return 1;
	default:
		return -EBADMSG;
	}
}

static int converse(struct session *s)
{
	const struct message_header header = { .type = MESSAGE_EXAMINE };
	int r;

	r = message_send(s->socket, &header, s->e->path, strlen(s->e->path) + 1, &s->e->fd, 1, 0);
	while (r == 0)
		r = serve_one(s);
	return r;
}

/* One that is not done is killed; how it ended is of interest if it was not us. */
static int end(struct session *s, int r, char **ret_why)
{
	siginfo_t info = {};
	char how[96] = "broke off";

	if (r < 0 && r != -ECONNRESET && r != -EPIPE)
		(void)kill(s->pid, SIGKILL);
	while (waitid(P_PID, (id_t)s->pid, &info, WEXITED) < 0 && errno == EINTR)
		;
	if (r > 0)
		return 0;
	if (r == -ETIMEDOUT)
		*ret_why = str_format("took longer than %.0f s",
				      (double)s->e->timeout_ns / (double)NS_PER_S);
	else if (r == -EBADMSG)
		*ret_why = str_format("answered what makes no sense");
	else
		helper_describe_end(info.si_code, info.si_status, how, sizeof(how));
	if (!*ret_why)
		*ret_why = str_format("%s", how);
	return r == -ETIMEDOUT ? r : -ECONNRESET;
}

int examination_run(const struct examination *e, char **ret_why)
{
	struct examination own = *e;
	_cleanup_(strv_freep) char **argv = NULL;
	_cleanup_free_ struct session *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	own.timeout_ns = e->timeout_ns ? e->timeout_ns : TIMEOUT_NS;
	s->e = &own;
	s->deadline_ns = clock_monotonic_ns() + own.timeout_ns;
	r = make_argv(&own, &argv);
	if (r < 0)
		return r;
	r = helper_spawn(own.executable ? own.executable : "/proc/self/exe", argv, &s->pid,
			 &s->socket);
	if (r < 0) {
		*ret_why = str_format("cannot be started: %s", strerror(-r));
		return r;
	}
	r = converse(s);
	closep(&s->socket);
	return end(s, r, ret_why);
}
