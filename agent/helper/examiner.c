/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed half: one question, and the component may do with it what it likes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hearth/plugin.h>

#include "helper/examination.h"
#include "helper/protocol.h"
#include "helper/sandbox.h"
#include "helper/sealed.h"
#include "util/fail.h"
#include "util/log.h"

#define EXAMINER_CPU_SECONDS 5 /* the largest programs take one */

/* Appends a string with its NUL; a long one is cut, an odd end is the reader's to bear. */
static void put_string(struct message *m, const char *s)
{
	size_t len = strnlen(s, sizeof(m->payload) / 4);

	memcpy(m->payload + m->len, s, len);
	m->payload[m->len + len] = '\0';
	m->len += len + 1;
}

static int send_message(const struct message *m)
{
	return message_send(HELPER_SOCKET, &m->header, m->payload, m->len, NULL, 0, 0);
}

static void say_line(const struct hearth_diagnosis *d, int32_t severity, const char *subject,
		     const char *finding, const char *mend)
{
	static struct message m;

	(void)d;
	m.header = (struct message_header){ .type = MESSAGE_LINE, .n = (uint32_t)severity };
	m.len = 0;
	put_string(&m, subject);
	put_string(&m, finding);
	put_string(&m, mend ? mend : "");
	if (send_message(&m) < 0)
		_exit(EXIT_FAILURE); /* nobody listens any more */
}

static int32_t ask_for_file(const struct hearth_diagnosis *d, const char *path)
{
	static struct message m;
	int r;

	(void)d;
	m.header = (struct message_header){ .type = MESSAGE_FILE };
	m.len = 0;
	put_string(&m, path);
	if (send_message(&m) < 0 || message_receive(HELPER_SOCKET, &m, 0) < 0)
		_exit(EXIT_FAILURE);
	r = m.header.status == 0 ? TAKE_FD(m.fds[0]) : m.header.status;
	message_close_fds(&m);
	return r == -1 ? -EMFILE : r;
}

static int examine(const struct hearth_component *component)
{
	static const struct hearth_diagnosis diagnosis = {
		.size = sizeof(diagnosis),
		.line = say_line,
		.open = ask_for_file,
	};
	static struct message m;
	int r;

	r = message_receive(HELPER_SOCKET, &m, 0);
	if (r < 0)
		return r;
	if (m.header.type != MESSAGE_EXAMINE || m.fds[0] < 0 || !memchr(m.payload, 0, m.len))
		return -EBADMSG;
	r = sandbox_rearm_cpu(EXAMINER_CPU_SECONDS);
	if (r < 0)
		return r;
	component->diagnose_file(&diagnosis, m.fds[0], (const char *)m.payload);
	m.header = (struct message_header){ .type = MESSAGE_EXAMINE, .flags = MESSAGE_LAST };
	m.len = 0;
	return send_message(&m);
}

int helper_examiner_main(const struct hearth_component *component)
{
	int r;

	(void)fail_point("examiner.start"); /* also reads the environment before the seal */
	r = sealed_enter("hearth-examine");
	if (r < 0) {
		log_error_errno(r, "examiner: cannot give up privileges, so it will not run: %m");
		return EXIT_FAILURE;
	}
	return examine(component) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
